import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256 as nobleSha256 } from "@noble/hashes/sha2.js";

/** `#crypto` in a browser, synchronous as in Node (WebCrypto is not). SHA-256: 32 bytes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return nobleSha256(bytes);
}

/** Ed25519 (RFC 8032): 32-byte key, 64-byte signature. Never throws: what cannot be a key or signature is false. */
export function verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  // Not ZIP 215, whose cofactored equation accepts signatures that Node's refuses.
  return ed25519.verify(signature, message, publicKey, { zip215: false });
}
