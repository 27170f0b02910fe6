import { createHash, generateKeyPairSync, sign } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as browser from "./browser.ts";
import * as node from "./node.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const bytes = (text: string) => Uint8Array.from(Buffer.from(text, "hex"));

/** RFC 8032, section 7.1, TEST 3. */
const RFC_8032 = {
  publicKey: bytes("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"),
  message: bytes("af82"),
  signature: bytes(
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  ),
};

describe.each([
  ["node", node],
  ["browser", browser],
])("#crypto of %s", (_, { sha256, sha256Into, isSha256, verify }) => {
  it("hashes as SHA-256", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (value) => {
        expect(hex(sha256(value))).toBe(createHash("sha256").update(value).digest("hex"));
      }),
    );
  });

  it("hashes into a buffer, and compares with what stands in one", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.nat({ max: 40 }),
        fc.nat({ max: 31 }),
        (value, at, flip) => {
          const into = new Uint8Array(at + 32);
          sha256Into(value, into, at);
          expect(hex(into)).toBe("00".repeat(at) + hex(sha256(value)));
          expect(isSha256(value, into, at)).toBe(true);
          into[at + flip] = (into[at + flip] ?? 0) ^ 1;
          expect(isSha256(value, into, at)).toBe(false);
          expect(isSha256(value, into, at + 1)).toBe(false); // it would end behind the buffer
        },
      ),
    );
  });

  it("verifies the vector of RFC 8032", () => {
    const { publicKey, message, signature } = RFC_8032;
    expect(verify(publicKey, message, signature)).toBe(true);
    expect(verify(publicKey, bytes("af83"), signature)).toBe(false);
  });

  it("verifies what Node signed, and no other message, key or signature", () => {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    const raw = Uint8Array.from(publicKey.export({ format: "der", type: "spki" }).subarray(-32));
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 80 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (message, at, flip) => {
          const signature = Uint8Array.from(sign(null, message, privateKey));
          const changed = (value: Uint8Array) =>
            value.map((byte, i) => (i === at % value.length ? byte ^ flip : byte));
          expect(verify(raw, message, signature)).toBe(true);
          expect(verify(raw, changed(message), signature)).toBe(false);
          expect(verify(raw, message, changed(signature))).toBe(false);
          expect(verify(changed(raw), message, signature)).toBe(false);
        },
      ),
      { numRuns: 30 },
    );
  });

  it("answers false to what cannot be a key or a signature", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), fc.uint8Array({ maxLength: 70 }), (key, signature) => {
        expect(verify(key, RFC_8032.message, signature)).toBe(false);
      }),
    );
    expect(verify(new Uint8Array(32).fill(0xff), RFC_8032.message, RFC_8032.signature)).toBe(false);
    expect(verify(RFC_8032.publicKey, RFC_8032.message, new Uint8Array(64).fill(0xff))).toBe(false);
  });

  it("refuses a key of small order, under which one signature would fit every message", () => {
    const identity = new Uint8Array(32);
    identity[0] = 1;
    const signature = new Uint8Array(64);
    signature[0] = 1; // R = identity, S = 0
    expect(verify(identity, RFC_8032.message, signature)).toBe(false);
  });
});
