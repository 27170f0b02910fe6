import { scanWords } from "./word-scan.ts";

/**
 * What is remembered of a text so that it can be recognised later without being kept: its redaction tokens, hashes of
 * its distinctive values, and hashes of its runs of words. A few hundred numbers, whatever the text.
 */
export interface Features {
  /** `key.hash` of redaction tokens (`⟨kind:key.hash⟩`): the same for the same secret, whatever kind it was taken for. */
  secrets: string[];
  values: number[];
  shingles: number[];
}

const MAX_SCAN_CHARS = 16 * 1024; // of one text; what lies behind is not recognised, see README, limits
const MAX_SECRETS = 32;
const MAX_VALUES = 128;
const MAX_SHINGLES = 512;
const SHINGLE_WORDS = 5; // shorter runs recur by chance
const SHINGLES_LINKED = 3; // seven copied words in a row
const REDACTION_TOKEN = /⟨([a-z_]{1,32}):([A-Za-z0-9_-]{1,64})\.([0-9a-f]{16})⟩/g;
const TIME_LIKE = /^\d{1,4}[-.:]\d{1,2}(?:[-.:T]\d.*)?$|^(?:19|20)\d{6}$/;
const LETTER_AND_DIGIT = /^(?=.*\d)(?=.*[a-z])/i;
const LONG_NUMBER = /^\d{7,}$/;

/** The redaction tokens in a text, each once. */
export function redactionTokensIn(text: string): string[] {
  if (!text.includes("⟨")) return [];
  const found = new Set<string>();
  for (const match of text.matchAll(REDACTION_TOKEN)) {
    found.add(match[0]);
    if (found.size >= MAX_SECRETS) break;
  }
  return [...found];
}

/** The kind in a redaction token: `private_key` of `⟨private_key:k1.0123…⟩`. */
export function kindOfToken(token: string): string {
  return token.slice(1, token.indexOf(":"));
}

export function featuresOf(text: string): Features {
  const scanned = text.length > MAX_SCAN_CHARS ? text.slice(0, MAX_SCAN_CHARS) : text;
  const lower = scanned.toLowerCase();
  const values = new Set<number>();
  const shingles = new Set<number>();
  const recent = new Int32Array(SHINGLE_WORDS); // the last words' hashes, in a ring
  let words = 0;
  scanWords(lower, ({ from, to, hash, digit }) => {
    // Whatever is distinctive has a digit: the others need not be cut out.
    if (digit && values.size < MAX_VALUES && isDistinctive(lower.slice(from, to))) values.add(hash);
    recent[words % SHINGLE_WORDS] = hash;
    words += 1;
    if (words < SHINGLE_WORDS) return true;
    if (shingles.size < MAX_SHINGLES) shingles.add(combine(recent, words % SHINGLE_WORDS));
    else if (values.size >= MAX_VALUES) return false;
    return true;
  });
  return {
    secrets: redactionTokensIn(text).map((token) => token.slice(token.indexOf(":") + 1, -1)),
    values: [...values],
    shingles: [...shingles],
  };
}

function isDistinctive(word: string): boolean {
  if (word.length < 6 || word.length > 256) return false;
  if (LONG_NUMBER.test(word)) return !TIME_LIKE.test(word);
  return word.length >= 8 && LETTER_AND_DIGIT.test(word) && !TIME_LIKE.test(word);
}

/** @param oldest where the ring begins */
function combine(recent: Int32Array, oldest: number): number {
  let combined = 0x811c9dc5;
  for (let each = 0; each < SHINGLE_WORDS; each += 1) {
    combined = Math.imul(combined ^ (recent[(oldest + each) % SHINGLE_WORDS] ?? 0), 0x01000193);
  }
  return combined >>> 0;
}

export type Link = "secret" | "value" | null;

/** Whether something remembered of `source` is in `target`: the same secret, else a distinctive value or a copied passage. */
export function linkBetween(source: Features, target: Features, ignored: ReadonlySet<number>): Link {
  if (source.secrets.some((secret) => target.secrets.includes(secret))) return "secret";
  if (target.values.some((value) => !ignored.has(value) && source.values.includes(value))) return "value";
  if (target.shingles.length < SHINGLES_LINKED) return null;
  const known = new Set(source.shingles);
  let shared = 0;
  for (const shingle of target.shingles) {
    if (known.has(shingle)) shared += 1;
    if (shared >= SHINGLES_LINKED) return "value";
  }
  return null;
}
