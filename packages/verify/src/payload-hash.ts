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

const ZERO = 0x30;
const NINE = 0x39;
const A = 0x61;
const F = 0x66;
const known = new Uint8Array(HASH_CHARS / 2); // used again for each: comparing is synchronous

/** Whether `hex`, digits as bytes, is the SHA-256 of these bytes. */
export function isHashOf(hex: Uint8Array, bytes: Uint8Array): boolean {
  if (hex.length !== HASH_CHARS) return false;
  for (let i = 0; i < known.length; i++) {
    const high = digit(hex[2 * i] ?? 0);
    const low = digit(hex[2 * i + 1] ?? 0);
    if (high < 0 || low < 0) return false;
    known[i] = high * 16 + low;
  }
  return isSha256(bytes, known, 0);
}

/** -1 for what is no digit of lower-case hex. */
function digit(code: number): number {
  if (code >= ZERO && code <= NINE) return code - ZERO;
  return code >= A && code <= F ? code - A + 10 : -1;
}
