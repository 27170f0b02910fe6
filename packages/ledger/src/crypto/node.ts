import { createPublicKey, hash, verify as verifySignature } from "node:crypto";

const SPKI_ED25519 = Uint8Array.from([
  0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
]); // RFC 8410, before the 32 bytes

const DIGEST_BYTES = 32;

/** `#crypto` outside a browser. SHA-256: 32 bytes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  const digest = new Uint8Array(DIGEST_BYTES);
  sha256Into(bytes, digest, 0);
  return digest;
}

/** The same, written to `into` from `at` on. */
export function sha256Into(bytes: Uint8Array, into: Uint8Array, at: number): void {
  // By way of a text of one character a byte: "buffer" makes an ArrayBuffer for each hash, and collecting those costs more than the hash.
  const digest = hash("sha256", bytes, "binary");
  for (let i = 0; i < DIGEST_BYTES; i++) into[at + i] = digest.charCodeAt(i);
}

/** Whether it is what stands in `known` from `at` on. */
export function isSha256(bytes: Uint8Array, known: Uint8Array, at: number): boolean {
  if (at + DIGEST_BYTES > known.length) return false;
  const digest = hash("sha256", bytes, "binary");
  for (let i = 0; i < DIGEST_BYTES; i++) if (known[at + i] !== digest.charCodeAt(i)) return false;
  return true;
}

/** Ed25519 (RFC 8032): 32-byte key, 64-byte signature. Never throws: what cannot be a key or signature is false. */
export function verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  const der = new Uint8Array(SPKI_ED25519.length + publicKey.length);
  der.set(SPKI_ED25519);
  der.set(publicKey, SPKI_ED25519.length);
  const key = createPublicKey({ key: Buffer.from(der.buffer), format: "der", type: "spki" });
  return verifySignature(null, message, key, signature);
}
