import { isSha256 } from "@tripline/ledger/verify";
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

const NO_DIGIT = 255;
const DIGITS = new Uint8Array(256).fill(NO_DIGIT);
for (let value = 0; value < 16; value++) DIGITS[value.toString(16).charCodeAt(0)] = value;
const known = new Uint8Array(HASH_CHARS / 2); // used again for each: comparing is synchronous

/** Whether `hex`, lower-case digits as bytes, is the SHA-256 of these bytes. */
export function isHashOf(hex: Uint8Array, bytes: Uint8Array): boolean {
  if (hex.length !== HASH_CHARS) return false;
  for (let i = 0; i < HASH_CHARS; i += 2) {
    const high = DIGITS[hex[i] ?? 0] ?? NO_DIGIT;
    const low = DIGITS[hex[i + 1] ?? 0] ?? NO_DIGIT;
    if (high === NO_DIGIT || low === NO_DIGIT) return false;
    known[i >> 1] = (high << 4) | low;
  }
  return isSha256(bytes, known, 0);
}
