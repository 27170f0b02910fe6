import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256 as nobleSha256 } from "@noble/hashes/sha2.js";

/** `#crypto` in a browser, synchronous as in Node (WebCrypto is not). SHA-256: 32 bytes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return nobleSha256(bytes);
}

/** The same, written to `into` from `at` on. */
export function sha256Into(bytes: Uint8Array, into: Uint8Array, at: number): void {
  into.set(nobleSha256(bytes), at);
}

/** Whether it is what stands in `known` from `at` on. */
export function isSha256(bytes: Uint8Array, known: Uint8Array, at: number): boolean {
  const digest = nobleSha256(bytes);
  return at + digest.length <= known.length && digest.every((byte, i) => known[at + i] === byte);
}

/** Ed25519 (RFC 8032): 32-byte key, 64-byte signature. Never throws: what cannot be a key or signature is false. */
export function verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  // Not ZIP 215, whose cofactored equation accepts signatures that Node's refuses.
  return ed25519.verify(signature, message, publicKey, { zip215: false });
}
