import { textOf } from "./bytes.ts";
import { parseObject } from "./selection.ts";

const TAIL = new TextEncoder().encode(',"payload_hash":"');
const HASH_CHARS = 64;
const QUOTE = 0x22;
const BRACE = 0x7d;

/**
 * The payload's hash that an envelope names, 64 hex digits as bytes; null for none. Nearly all envelopes end with it: bytes that end
 * so can't be the end of another member. The others are parsed.
 */
export function payloadHashIn(envelope: Uint8Array): Uint8Array | null {
  const end = envelope.length - 2;
  const from = end - HASH_CHARS;
  const tail = from - TAIL.length;
  if (tail > 0 && envelope[end] === QUOTE && envelope[end + 1] === BRACE) {
    let same = true;
    for (let i = 0; same && i < TAIL.length; i++) same = envelope[tail + i] === TAIL[i];
    if (same) return envelope.subarray(from, end);
  }
  const { payload_hash: hash } = parseObject(textOf(envelope));
  return typeof hash === "string" ? new TextEncoder().encode(hash) : null;
}

const DIGITS = new TextEncoder().encode("0123456789abcdef");

/** Whether `hex`, digits as bytes, says these bytes. */
export function isHexOf(hex: Uint8Array, bytes: Uint8Array): boolean {
  if (hex.length !== bytes.length * 2) return false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    if (hex[2 * i] !== DIGITS[byte >> 4] || hex[2 * i + 1] !== DIGITS[byte & 15]) return false;
  }
  return true;
}
