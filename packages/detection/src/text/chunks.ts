/**
 * Fingerprints of a long value, so that a piece of it is recognised: winnowing (Schleimer, Wilkerson, Aiken 2003). Two
 * texts that share PIECE_CHARS characters in a row share a fingerprint, and only about a third of the places are kept.
 */
const GRAM_CHARS = 12;
const WINDOW = 5;
export const PIECE_CHARS = GRAM_CHARS + WINDOW - 1;
const MAX_FINGERPRINTS = 64; // of one value
const BASE = 0x01000193;
const SEED = 0x9e3779b9; // so that no fingerprint is taken for the hash of a word

/** Adds the fingerprints of `text.slice(from, to)`, until `into` holds `limit`. */
export function addChunks(text: string, from: number, to: number, into: Set<number>, limit: number): void {
  const grams = to - from - GRAM_CHARS + 1;
  let leading = 1; // BASE to the power of what leaves the gram
  for (let each = 1; each < GRAM_CHARS; each += 1) leading = Math.imul(leading, BASE);
  let hash = 0;
  for (let at = from; at < from + GRAM_CHARS - 1; at += 1)
    hash = (Math.imul(hash, BASE) + text.charCodeAt(at)) | 0;
  const recent = new Uint32Array(WINDOW);
  let last = -1;
  let added = 0;
  for (let gram = 0; gram < grams; gram += 1) {
    hash = (Math.imul(hash, BASE) + text.charCodeAt(from + gram + GRAM_CHARS - 1)) | 0;
    recent[gram % WINDOW] = mixed(hash);
    hash = (hash - Math.imul(leading, text.charCodeAt(from + gram))) | 0;
    if (gram < WINDOW - 1) continue;
    let smallest = 0xffffffff;
    for (const each of recent) if (each < smallest) smallest = each;
    if (smallest === last) continue;
    last = smallest;
    if (added >= MAX_FINGERPRINTS || into.size >= limit) return;
    into.add(smallest);
    added += 1;
  }
}

/** The rolling hash's low bits say little: mixed before the smallest is chosen. */
function mixed(hash: number): number {
  let value = hash ^ SEED;
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
