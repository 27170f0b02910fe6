import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What is published: packages that gateways embed. Here they run from source; outside they have to be JavaScript. */
export const PUBLISHED = ["events", "interceptor"] as const;

const ROOT = new URL("../..", import.meta.url).pathname;

interface Manifest {
  exports: Record<string, string>;
  [key: string]: unknown;
}

/**
 * Compiles the published packages into `directory/@tripline/<name>`, each ready for `npm publish`.
 * @throws when the compiler finds an error
 */
export function buildPackages(directory: string): void {
  const compiled = join(directory, ".compiled");
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(compiled, { recursive: true });
  execFileSync(
    join(ROOT, "node_modules/.bin/tsc"),
    ["-p", join(ROOT, "infra/publish/tsconfig.json"), "--outDir", compiled],
    {
      stdio: ["ignore", "inherit", "inherit"],
    },
  );
  for (const name of PUBLISHED) {
    const source = join(ROOT, "packages", name);
    const target = join(directory, "@tripline", name);
    cpSync(join(compiled, name, "src"), join(target, "dist"), { recursive: true });
    const manifest: Manifest = JSON.parse(readFileSync(join(source, "package.json"), "utf8"));
    const published = {
      ...manifest,
      exports: Object.fromEntries(
        Object.entries(manifest.exports).map(([path, file]) => [path, compiledEntry(file)]),
      ),
      files: ["dist"],
    };
    writeFileSync(join(target, "package.json"), `${JSON.stringify(published, null, 2)}\n`);
    cpSync(join(source, "README.md"), join(target, "README.md"));
    cpSync(join(ROOT, "LICENSE"), join(target, "LICENSE"));
  }
  rmSync(compiled, { recursive: true });
}

/** `./src/x.ts` → its JavaScript and its types. */
function compiledEntry(file: string): { types: string; default: string } {
  const base = file.replace(/^\.\/src\//, "./dist/").replace(/\.ts$/, "");
  return { types: `${base}.d.ts`, default: `${base}.js` };
}
