import { hash as digest } from "node:crypto";

const MAX_OWN_CHARS = 8192; // a longer text costs less through SHA-256, which is not written in JavaScript

/** FNV-1a, 32 bits, over UTF-16 code units. Not for secrets: only to remember that a text was seen without keeping it. */
export function fnv1a(text: string, from = 0, to = text.length): number {
  if (to - from > MAX_OWN_CHARS) return fnv1a(digest("sha256", text.slice(from, to), "base64url"));
  let hash = 0x811c9dc5;
  for (let index = from; index < to; index += 1) {
    hash ^= text.charCodeAt(index);
    hash = Math.imul(hash, 0x01000193);
  }
  return hash >>> 0;
}
