/** Bytes as hex and ids, without Node. */

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

export function hexOf(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += HEX[byte];
  return text;
}

export function sameBytesAt(a: Uint8Array, at: number, b: Uint8Array): boolean {
  for (let i = 0; i < b.length; i++) if (a[at + i] !== b[i]) return false;
  return true;
}

/** 16 bytes as a UUID. */
export function uuidText(bytes: Uint8Array): string {
  const hex = hexOf(bytes);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

const DASH = 45;
const ZERO = 48;
const NINE = 57;
const A = 97;

/** @param text a UUID in lower case */
export function uuidBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(16);
  let digits = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === DASH) continue;
    const at = digits >> 1;
    bytes[at] = (bytes[at] ?? 0) * 16 + (code <= NINE ? code - ZERO : code - A + 10);
    digits += 1;
  }
  return bytes;
}

/** When a UUIDv7 was made (RFC 9562, section 5.7); null for another UUID. */
export function timeOfId(id: string): string | null {
  if (id[14] !== "7") return null;
  return new Date(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)).toISOString();
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
