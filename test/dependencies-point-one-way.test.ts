import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";

/** What each part may import of ours. Services may import every package, and only `standalone` other services. */
const PACKAGES: Record<string, readonly string[]> = {
  events: [],
  interceptor: ["events"],
  stream: ["events"],
  detection: ["events"],
  store: ["events"],
  response: ["events"],
  ledger: [],
  verify: ["events", "ledger"],
  service: ["events"],
  cli: ["events", "interceptor", "stream", "detection", "store", "response", "ledger", "verify", "service"],
};

const root = new URL("..", import.meta.url).pathname;

interface Import {
  file: string;
  /** `packages/x` or `services/x` that holds the file. */
  from: string;
  specifier: string;
}

function sourceImports(folder: "packages" | "services"): Import[] {
  return globSync(`${folder}/*/src/**/*.ts`, { cwd: root })
    .filter((file) => !/\.(test|testing|fixture)\.ts$|-contract\.ts$|\/testing\//.test(file))
    .flatMap((file) => {
      const text = readFileSync(join(root, file), "utf8");
      const specifiers = text.matchAll(
        /(?:^|\n)\s*(?:import|export)\s[^;]*?from\s+"([^"]+)"|import\("([^"]+)"\)/g,
      );
      const from = file.split("/").slice(0, 2).join("/");
      return [...specifiers].map((match) => ({ file, from, specifier: match[1] ?? match[2] ?? "" }));
    });
}

const ours = (specifier: string): string | null =>
  specifier === "tripline" ? "cli" : (/^@tripline\/([^/]+)/.exec(specifier)?.[1] ?? null);

describe("imports", () => {
  const imports = [...sourceImports("packages"), ...sourceImports("services")];

  it("are found at all", () => {
    expect(imports.length).toBeGreaterThan(100);
  });

  it("of a package name only packages it may depend on", () => {
    const wrong = imports.filter(({ from, specifier }) => {
      const target = ours(specifier);
      if (target === null || !from.startsWith("packages/")) return false;
      return !(PACKAGES[from.slice("packages/".length)] ?? []).includes(target);
    });
    expect(wrong).toEqual([]);
  });

  it("of a service name no other service, but for standalone", () => {
    const wrong = imports.filter(({ from, specifier }) => {
      const target = ours(specifier);
      if (target === null || !from.startsWith("services/") || from === "services/standalone") return false;
      return existsSync(join(root, "services", target));
    });
    expect(wrong).toEqual([]);
  });

  it("never reach into another part's folder by a relative path", () => {
    const wrong = imports.filter(({ file, from, specifier }) => {
      if (!specifier.startsWith(".")) return false;
      return relative(join(root, from), join(root, dirname(file), specifier)).startsWith("..");
    });
    expect(wrong).toEqual([]);
  });

  it("of each part are declared in its own package.json", () => {
    const undeclared = imports.filter(({ from, specifier }) => {
      if (/^(\.|#|node:)/.test(specifier)) return false; // `#`: a package's own imports
      const manifest = JSON.parse(readFileSync(join(root, from, "package.json"), "utf8"));
      const name = specifier
        .split("/")
        .slice(0, specifier.startsWith("@") ? 2 : 1)
        .join("/");
      return manifest.dependencies?.[name] === undefined;
    });
    expect(undeclared.map(({ file, specifier }) => `${file}: ${specifier}`)).toEqual([]);
  });
});
