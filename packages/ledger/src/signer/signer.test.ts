import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { SIGNATURE_TYPE } from "../note/index.ts";
import {
  createCosigner,
  createSigner,
  generateSigningKey,
  parseSigningKey,
  readSigningKeyFile,
  readSigningKeyVariable,
} from "./index.ts";

const directory = mkdtempSync(join(tmpdir(), "ledger-key-"));
afterAll(() => rmSync(directory, { recursive: true }));

const { secret, verifier } = generateSigningKey("log.example");
const path = join(directory, "log.key");
writeFileSync(path, `${secret}\n`, { mode: 0o600 });
const seed = secret.slice(secret.lastIndexOf("+") + 1);

describe("a signing key", () => {
  it("is the same from text, file and environment", async () => {
    expect(parseSigningKey(secret).verifier.verifierKey).toBe(verifier.verifierKey);
    expect((await readSigningKeyFile(path)).verifier.verifierKey).toBe(verifier.verifierKey);
    expect(readSigningKeyVariable("KEY", { KEY: secret })?.verifier.verifierKey).toBe(verifier.verifierKey);
    expect(readSigningKeyVariable("KEY", {})).toBeNull();
    expect(readSigningKeyVariable("KEY", { KEY: "" })).toBeNull();
  });

  it.each([0o644, 0o640, 0o604, 0o620])("is refused from a file of mode %o", async (mode) => {
    chmodSync(path, mode);
    await expect(readSigningKeyFile(path)).rejects.toMatchObject({ code: "TRIPLINE_LEDGER_KEY_INVALID" });
    chmodSync(path, 0o600);
  });

  it("is said to be missing when it is", async () => {
    await expect(readSigningKeyFile(join(directory, "none"))).rejects.toMatchObject({
      code: "TRIPLINE_LEDGER_UNAVAILABLE",
    });
  });

  it("is refused with any one character changed, in words without the key", () => {
    for (let i = 0; i < secret.length; i++) {
      const changed = secret.slice(0, i) + (secret[i] === "A" ? "B" : "A") + secret.slice(i + 1);
      expect(() => parseSigningKey(changed), String(i)).toThrow(
        expect.objectContaining({
          code: "TRIPLINE_LEDGER_KEY_INVALID",
          message: expect.not.stringContaining(seed.slice(0, 8)),
        }),
      );
    }
  });

  it("is not shown by what prints it", () => {
    const key = parseSigningKey(secret);
    const shown = [key, createSigner(key)].flatMap((value) => [
      inspect(value, { depth: 9, showHidden: true }),
      JSON.stringify(value),
    ]);
    const raw = Buffer.from(seed, "base64").subarray(1);
    for (const text of shown) {
      expect(text).not.toContain(seed.slice(2, 20));
      expect(text).not.toContain(raw.toString("hex").slice(0, 12));
      expect(text).not.toContain([...raw.subarray(0, 4)].join(","));
    }
  });

  it("is a log's or a witness's, never both", () => {
    const witness = generateSigningKey("w.example", SIGNATURE_TYPE.cosignatureV1);
    expect(() => createSigner(witness)).toThrow(
      expect.objectContaining({ code: "TRIPLINE_LEDGER_KEY_INVALID" }),
    );
    expect(() => createCosigner(parseSigningKey(secret), Date.now)).toThrow(
      expect.objectContaining({ code: "TRIPLINE_LEDGER_KEY_INVALID" }),
    );
  });
});
