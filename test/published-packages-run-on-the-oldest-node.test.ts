import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildPackages, PUBLISHED } from "../infra/publish/build.ts";
import { oldNode } from "./support/node-20.ts";

const ROOT = new URL("..", import.meta.url).pathname;
const node = oldNode();
if (node === null) console.warn("no Node 20 or 22 on this machine: the packages are only compiled");

const PROGRAM = `
import { createInterceptor, MemorySender, wrapTool } from "@tripline/interceptor";
import { createHttpProxy } from "@tripline/interceptor/http-proxy";

const sender = new MemorySender();
const interceptor = createInterceptor({
  tenant: "acme",
  producer: { id: "old-node" },
  stateDir: process.argv[2],
  sender,
  redactionKeys: () => [{ id: "k1", key: "7".repeat(64) }],
});
const caller = { credential: "local:old", assurance: "asserted" };
const add = wrapTool("add", async ({ a, b }) => a + b, { interceptor, server: "calculator", caller });
const sum = await add({ a: 2, b: 3 });
await interceptor.close();
console.log(JSON.stringify({ sum, proxy: typeof createHttpProxy, version: process.version }));
`;

describe("the published packages", () => {
  const folder = mkdtempSync(join(tmpdir(), "tripline-published-"));
  const built = join(folder, "built");

  beforeAll(() => {
    buildPackages(built);
    // As npm would install them: ours as they were built, the others as they are declared.
    const modules = join(folder, "node_modules");
    mkdirSync(join(modules, "@tripline"), { recursive: true });
    for (const name of PUBLISHED) {
      symlinkSync(join(built, "@tripline", name), join(modules, "@tripline", name));
      const manifest = JSON.parse(readFileSync(join(built, "@tripline", name, "package.json"), "utf8"));
      for (const dependency of Object.keys(manifest.dependencies)) {
        if (dependency.startsWith("@tripline/")) continue;
        const own = join(ROOT, "packages", name, "node_modules", dependency);
        const path = join(modules, dependency);
        if (!existsSync(path))
          symlinkSync(existsSync(own) ? own : join(ROOT, "node_modules", dependency), path);
      }
    }
    writeFileSync(join(folder, "program.mjs"), PROGRAM);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("hold JavaScript and types, and no source of ours", () => {
    for (const name of PUBLISHED) {
      const files = readdirSync(join(built, "@tripline", name), { recursive: true, encoding: "utf8" });
      expect(files).toContain("dist/index.js");
      expect(files).toContain("dist/index.d.ts");
      expect(files.filter((file) => /(?<!\.d)\.ts$|\.test\./.test(file))).toEqual([]);
    }
  });

  it.skipIf(node === null)("record a call on an old Node", () => {
    const output = execFileSync(
      node ?? "",
      ["--preserve-symlinks", join(folder, "program.mjs"), join(folder, "state")],
      {
        encoding: "utf8",
        cwd: folder,
      },
    );
    const { sum, proxy, version } = JSON.parse(output);
    expect({ sum, proxy }).toEqual({ sum: 5, proxy: "function" });
    expect(version).not.toBe(process.version);
  });
});
