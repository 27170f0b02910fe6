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

const MIN_FREE_SPACES = 6; // a shorter text is a label or a name, not something that somebody wrote
const MAX_TARGETS = 128;
const FIELD_LINE = /^\s*(?:- )*['"]?[A-Za-z_][\w .@+/-]{0,40}['"]?\s*[:=]\s*['"]?(\S+)['"]?\s*$/;
const TARGET =
  /^(?:[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+|(?:[a-z][a-z0-9+.-]{1,9}:\/\/|www\.)\S+|[a-z]{2}\d{2}[a-z0-9]{10,30}|0x[0-9a-f]{20,64})$/;

/**
 * Keyed hashes of all scalars, of the hard words (addresses, ids, numbers) in texts, and of word 3-grams. Any JSON value; a
 * text that is JSON is taken as what it says. `targets` are the values that are addresses, links or accounts; `prose` those
 * of them that stand in free text only, and in no field.
 */
export function fingerprint(key: RedactionKey, value: unknown): Fingerprint {
  const values = new Set<string>();
  const shingles = new Set<string>();
  const targets = new Set<string>();
  const written = new Set<string>();
  const fields = new Set<string>();
  const addValue = (text: string, free: boolean): void => {
    const word = normalize(text);
    if (values.size < MAX_FINGERPRINT_VALUES) values.add(keyedHash(key, word, 16));
    if (!TARGET.test(word)) return;
    const hash = keyedHash(key, withoutScheme(word), 16);
    if (values.size < MAX_FINGERPRINT_VALUES) values.add(hash);
    if (targets.size < MAX_TARGETS) targets.add(hash);
    (free ? written : fields).add(hash);
  };
  const addLine = (line: string, free: boolean): void => {
    const field = FIELD_LINE.exec(line)?.[1];
    for (const word of line.split(/\s+/)) {
      if (word.length >= MIN_HARD_CHARS && /[\d@:/]/.test(word)) addValue(word, free && field === undefined);
    }
    if (field !== undefined) addValue(field, false);
  };
  const addText = (text: string): void => {
    const head = text.slice(0, MAX_FINGERPRINT_CHARS);
    const free = head.split(/\s+/, MIN_FREE_SPACES + 1).length > MIN_FREE_SPACES;
    for (const line of head.split("\n")) addLine(line, free);
    const words = head
      .split(/\s+/)
      .map(normalize)
      .filter((word) => word !== "");
    for (
      let at = 0;
      at + SHINGLE_WORDS <= words.length && shingles.size < MAX_FINGERPRINT_SHINGLES;
      at += 1
    ) {
      shingles.add(keyedHash(key, words.slice(at, at + SHINGLE_WORDS).join(" "), 16));
    }
  };
  const walk = (node: unknown, depth: number): void => {
    if (depth > MAX_FINGERPRINT_DEPTH) return;
    if (typeof node === "string") {
      const inside = depth === 0 ? parsedJson(node) : undefined;
      if (inside !== undefined) walk(inside, depth + 1);
      else if (!/\s/.test(node)) addValue(node, false);
      else addText(node);
    } else if (typeof node === "number" || typeof node === "bigint") addValue(String(node), false);
    else if (Array.isArray(node)) for (const item of node) walk(item, depth + 1);
    else if (node !== null && typeof node === "object")
      for (const item of Object.values(node)) walk(item, depth + 1);
  };
  walk(value, 0);
  const prose = [...written].filter((hash) => !fields.has(hash)).slice(0, MAX_TARGETS);
  return {
    key_id: key.id,
    values: [...values],
    shingles: [...shingles],
    ...(targets.size === 0 ? {} : { targets: [...targets] }),
    ...(prose.length === 0 ? {} : { prose }),
  };
}

/** What a text says that is an object or list in JSON; undefined for any other. */
function parsedJson(text: string): unknown {
  const first = text.trimStart()[0];
  if ((first !== "{" && first !== "[") || text.length > MAX_FINGERPRINT_CHARS * 2) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // it only looks like JSON, or was cut: its words count
  }
}

function withoutScheme(word: string): string {
  return word
    .replace(/^[a-z][a-z0-9+.-]{1,9}:\/\//, "")
    .replace(/^www\./, "")
    .replace(/\/+$/, "");
}

/** Case and the punctuation around a word do not count. */
function normalize(word: string): string {
  return word.toLowerCase().replace(/^[\s"'([{<,;:.!?]+|[\s"')\]}>,;:.!?]+$/g, "");
}
