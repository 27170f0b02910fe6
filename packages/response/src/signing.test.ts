import { createPublicKey, verify } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Revocation, revocationBytes } from "@tripline/events";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadOrCreateSigningKey, signRevocation, verifyRevocation } from "./signing.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tripline-keys-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const ENTRY: Revocation = {
  v: 1,
  id: "0192aaaa-0000-7000-8000-000000000001",
  tenant: "acme",
  scope: "credential",
  subject: "local:demo",
  state: "active",
  reason: "tested",
  by: "ana",
  decided_at: "2026-11-21T09:30:00.140Z",
};

function published(key: { id: string; publicKey: string }) {
  return { id: key.id, public_key: key.publicKey };
}

describe("the key file", () => {
  test("is made once, readable by its owner only, and read again", () => {
    const keys = join(dir, "keys");
    const made = loadOrCreateSigningKey(keys);
    expect(statSync(join(keys, "responder.pem")).mode & 0o777).toBe(0o600);
    expect(statSync(keys).mode & 0o777).toBe(0o700);
    expect(published(loadOrCreateSigningKey(keys))).toEqual(published(made));
    expect(Buffer.from(made.publicKey, "base64url")).toHaveLength(32);
    expect(made.id).toMatch(/^ed25519-[0-9a-f]{16}$/);
  });
  test("a broken one stops, is not replaced, and is not quoted", () => {
    const path = join(dir, "responder.pem");
    writeFileSync(path, "-----BEGIN PRIVATE KEY-----\nc2VjcmV0LWNhbmFyeQ==\n-----END PRIVATE KEY-----\n");
    const before = readFileSync(path);
    expect(() => loadOrCreateSigningKey(dir)).toThrow("not an Ed25519 private key");
    expect(() => loadOrCreateSigningKey(dir)).not.toThrow("c2Vj");
    expect(readFileSync(path)).toEqual(before);
  });
});

describe("a signed entry", () => {
  test("verifies, and with node:crypto alone over revocationBytes", () => {
    const key = loadOrCreateSigningKey(dir);
    const signed = signRevocation(ENTRY, key);
    expect(verifyRevocation(JSON.parse(JSON.stringify(signed)), [published(key)])).toEqual(ENTRY);
    const publicKey = createPublicKey({
      format: "jwk",
      key: { kty: "OKP", crv: "Ed25519", x: key.publicKey },
    });
    expect(verify(null, revocationBytes(ENTRY), publicKey, Buffer.from(signed.signature, "base64url"))).toBe(
      true,
    );
  });
  test("is refused when any member was changed or the key is unknown", () => {
    const key = loadOrCreateSigningKey(dir);
    const other = loadOrCreateSigningKey(join(dir, "other"));
    const signed = signRevocation(ENTRY, key);
    const forgeries = [
      { ...signed, subject: "local:other" },
      { ...signed, tenant: "other" },
      { ...signed, state: "reinstated" },
      { ...signed, expires_at: "2026-11-21T09:30:00.140Z" },
      { ...signed, signature: "" },
      signRevocation(ENTRY, other),
      { ...signRevocation(ENTRY, other), key_id: key.id },
    ];
    for (const forged of forgeries) {
      expect(() => verifyRevocation(forged, [published(key)])).toThrow(
        expect.objectContaining({ code: "TRIPLINE_REVOCATION_FORGED" }),
      );
    }
    for (const garbage of [null, {}, ENTRY, "x"]) {
      expect(() => verifyRevocation(garbage, [published(key)])).toThrow(
        expect.objectContaining({ code: "TRIPLINE_REVOCATION_INVALID" }),
      );
    }
  });
});
