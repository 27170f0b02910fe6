import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";

const SRC = join(import.meta.dirname, "../src");

/** The files that a browser loads for `file`, and what they import from elsewhere. */
function loadedBy(file: string, files = new Set<string>(), packages = new Set<string>()) {
  if (files.has(file)) return { files, packages };
  files.add(file);
  const text = readFileSync(file, "utf8");
  for (const [, clause = "", specifier = ""] of text.matchAll(
    /^(?:import|export)\s([^;]*?)from\s+"([^"]+)"/gm,
  )) {
    if (clause.startsWith("type ")) continue;
    if (specifier === "#crypto") loadedBy(join(SRC, "crypto/browser.ts"), files, packages);
    else if (specifier.startsWith(".")) loadedBy(join(dirname(file), specifier), files, packages);
    else packages.add(specifier);
  }
  return { files, packages };
}

describe("@tripline/ledger/verify", () => {
  const { files, packages } = loadedBy(join(SRC, "verify.ts"));

  it("is made of many files, all of which exist", () => {
    expect(files.size).toBeGreaterThan(20);
    expect([...files].filter((file) => !existsSync(file))).toEqual([]);
  });

  it("imports nothing of Node, and of others only the browser's hashes and signatures", () => {
    expect([...packages].sort()).toEqual(["@noble/curves/ed25519.js", "@noble/hashes/sha2.js"]);
  });

  it("names nothing that only Node has, no clock and no random", () => {
    const named = [...files].flatMap((file) => {
      const code = readFileSync(file, "utf8").replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
      const found = code.match(/\b(Buffer|process|require|Date\.now|Math\.random|performance)\b/g) ?? [];
      return found.map((name) => `${file.slice(SRC.length + 1)}: ${name}`);
    });
    expect(named).toEqual([]);
  });
});
