import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TEST_KEY, TestCollector } from "./support/test-collector.ts";

const README = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const examples = [...README.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? "");

const collector = new TestCollector();
let directory: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "tripline-readme-"));
  await collector.start(0);
});

afterAll(async () => {
  await collector.stop();
  rmSync(directory, { recursive: true, force: true });
});

/** The example as it stands, with this test's collector and directory, and packages found from here. */
async function run(example: string, more = "", args: string[] = []): Promise<string> {
  const code = `${example}\n${more}`
    .replaceAll("http://127.0.0.1:4180", collector.url)
    .replaceAll("tlp_…", TEST_KEY)
    .replaceAll("/var/lib/tripline", join(directory, "state"))
    .replaceAll(/from "([^"]+)"/g, (_, name: string) => `from ${JSON.stringify(resolved(name))}`);
  const file = join(directory, "example.ts");
  writeFileSync(file, code);
  const { stdout } = await promisify(execFile)(process.execPath, [file, ...args]);
  return stdout;
}

function resolved(name: string): string {
  return name === "@tripline/interceptor"
    ? new URL("../src/index.ts", import.meta.url).href
    : import.meta.resolve(name);
}

describe("the README's examples", () => {
  it("instrument a server", async () => {
    await run(examples[0] ?? "", "await interceptor.close();");
    expect(collector.ofType("heartbeat").at(-1)?.envelope.heartbeat?.goodbye).toBe(true);
  });

  it("wrap a function", async () => {
    expect(await run(examples[1] ?? "")).toBe("row 7\n");
    expect(collector.ofType("call").at(-1)?.envelope.target?.tool).toBe("look_up");
  });

  it("stand before a server's process", async () => {
    expect(await run(examples[2] ?? "", "", ["-e", "console.log('served')"])).toBe("served\n");
  });

  it("are all run here", () => {
    expect(examples).toHaveLength(3);
  });
});
