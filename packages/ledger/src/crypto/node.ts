import { createPublicKey, hash, verify as verifySignature } from "node:crypto";

const SPKI_ED25519 = Uint8Array.from([
  0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
]); // RFC 8410, before the 32 bytes

/** `#crypto` outside a browser. SHA-256: 32 bytes, a view into a larger buffer: copy what is handed to another thread. */
export function sha256(bytes: Uint8Array): Uint8Array {
  // By way of hex: "buffer" makes an ArrayBuffer for each hash, and collecting those costs more than the hash itself.
  const digest = Buffer.from(hash("sha256", bytes, "hex"), "hex");
  return new Uint8Array(digest.buffer, digest.byteOffset, digest.length); // no Buffer: it compares and prints otherwise
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
