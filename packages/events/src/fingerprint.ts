import type { z } from "zod";
import { keyedHash, type RedactionKey } from "./keyed-hash.ts";
import type { fingerprintSchema } from "./payload.ts";

/** What capture level `fingerprint` keeps: flows stay detectable, nothing can be read. */

export const MAX_FINGERPRINT_VALUES = 512;
export const MAX_FINGERPRINT_SHINGLES = 2048;
const MAX_FINGERPRINT_CHARS = 64 * 1024; // of one text
const MAX_FINGERPRINT_DEPTH = 64;
const SHINGLE_WORDS = 3;
const MIN_HARD_CHARS = 5; // shorter words with a digit or sign are dates, sizes, list numbers

export type Fingerprint = z.infer<typeof fingerprintSchema>;

/** Keyed hashes of all scalars, of the hard words (addresses, ids, numbers) in texts, and of word 3-grams. Any JSON value. */
export function fingerprint(key: RedactionKey, value: unknown): Fingerprint {
  const values = new Set<string>();
  const shingles = new Set<string>();
  const addValue = (text: string): void => {
    if (values.size < MAX_FINGERPRINT_VALUES) values.add(keyedHash(key, normalize(text), 16));
  };
  const addText = (text: string): void => {
    const words = text
      .slice(0, MAX_FINGERPRINT_CHARS)
      .split(/\s+/)
      .map(normalize)
      .filter((word) => word !== "");
    for (const [at, word] of words.entries()) {
      if (word.length >= MIN_HARD_CHARS && /[\d@:/]/.test(word)) addValue(word);
      if (at + SHINGLE_WORDS <= words.length && shingles.size < MAX_FINGERPRINT_SHINGLES) {
        shingles.add(keyedHash(key, words.slice(at, at + SHINGLE_WORDS).join(" "), 16));
      }
    }
  };
  const walk = (node: unknown, depth: number): void => {
    if (depth > MAX_FINGERPRINT_DEPTH) return;
    if (typeof node === "string") {
      if (!/\s/.test(node)) addValue(node);
      else addText(node);
    } else if (typeof node === "number" || typeof node === "bigint") addValue(String(node));
    else if (Array.isArray(node)) for (const item of node) walk(item, depth + 1);
    else if (node !== null && typeof node === "object")
      for (const item of Object.values(node)) walk(item, depth + 1);
  };
  walk(value, 0);
  return { key_id: key.id, values: [...values], shingles: [...shingles] };
}

/** Case and the punctuation around a word do not count. */
function normalize(word: string): string {
  return word.toLowerCase().replace(/^[\s"'([{<,;:.!?]+|[\s"')\]}>,;:.!?]+$/g, "");
}
