import { sha256 } from "#crypto";
import { encodeText, isNoteCharacters } from "./text.ts";

export const KEY_ID_BYTES = 4;
export const PUBLIC_KEY_BYTES = 32; // Ed25519, RFC 8032

/** The signature types that are spoken here (C2SP signed-note, "Signature types"). */
export const SIGNATURE_TYPE = { ed25519: 0x01, cosignatureV1: 0x04 } as const;
export type SignatureType = (typeof SIGNATURE_TYPE)[keyof typeof SIGNATURE_TYPE];

/** Not empty, no white space (Unicode's), no plus, nothing that a note can't hold. */
export function isKeyName(name: string): boolean {
  return name !== "" && !/[\p{White_Space}+]/u.test(name) && isNoteCharacters(name);
}

/** First 4 bytes of SHA-256(name ‖ 0x0A ‖ type ‖ public key): C2SP signed-note, "Signatures". */
export function keyIdOf(name: string, type: SignatureType, publicKey: Uint8Array): Uint8Array {
  const head = encodeText(`${name}\n`);
  const bytes = new Uint8Array(head.length + 1 + publicKey.length);
  bytes.set(head);
  bytes[head.length] = type;
  bytes.set(publicKey, head.length + 1);
  return Uint8Array.from(sha256(bytes).subarray(0, KEY_ID_BYTES)); // not slice: Node answers with a Buffer
}

/** Which key a signature line means, as a text to look it up by. */
export function keyReference(key: { name: string; keyId: Uint8Array }): string {
  return `${key.name}+${toHex(key.keyId)}`;
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
