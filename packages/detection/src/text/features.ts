import { addChunks, PIECE_CHARS } from "./chunks.ts";
import { decodedViews, mayBeEncoded } from "./decoded.ts";
import { scanWords } from "./word-scan.ts";

/**
 * What is remembered of a text so that it can be recognised later without being kept: its redaction tokens, hashes of
 * its distinctive values and of pieces of the long ones, and hashes of its runs of words; also of what its encoded pieces
 * say. A few hundred numbers, whatever the text.
 */
export interface Features {
  /** `key.hash` of redaction tokens (`⟨kind:key.hash⟩`): the same for the same secret, whatever kind it was taken for. */
  secrets: string[];
  values: number[];
  shingles: number[];
}

const MAX_SCAN_CHARS = 16 * 1024; // of one text; what lies behind is not recognised, see README, limits
const MAX_TOKEN_CHARS = 128 * 1024; // that are searched for redaction tokens
const MAX_SECRETS = 32;
const MAX_VALUES = 128;
const MAX_CHUNKS = 128;
const MAX_SHINGLES = 512;
const MAX_BACKWARDS_CHARS = 4096;
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
  const scanned = text.length > MAX_TOKEN_CHARS ? text.slice(0, MAX_TOKEN_CHARS) : text;
  for (const match of scanned.matchAll(REDACTION_TOKEN)) {
    found.add(match[0]);
    if (found.size >= MAX_SECRETS) break;
  }
  return [...found];
}

/** The kind in a redaction token: `private_key` of `⟨private_key:k1.0123…⟩`. */
export function kindOfToken(token: string): string {
  return token.slice(1, token.indexOf(":"));
}

/**
 * @param backwards whether the text is also read from its end, as one is sent that shall not be recognised. For what is
 *   sent, not for what was read: it costs as much again
 */
export function featuresOf(text: string, backwards = false): Features {
  const secrets = new Set(redactionTokensIn(text));
  const found: Found = { values: new Set(), chunks: new Set(), shingles: new Set() };
  const scanned = text.length > MAX_SCAN_CHARS ? text.slice(0, MAX_SCAN_CHARS) : text;
  addFeatures(scanned, found, 1);
  if (mayBeEncoded(scanned)) {
    for (const view of decodedViews(scanned)) {
      for (const token of redactionTokensIn(view.text)) if (secrets.size < MAX_SECRETS) secrets.add(token);
      addFeatures(view.text, found, 2);
    }
  }
  if (backwards && scanned.length <= MAX_BACKWARDS_CHARS) addFeatures(backward(scanned), found, 2);
  return {
    secrets: [...secrets].map((token) => token.slice(token.indexOf(":") + 1, -1)),
    // Whole values first: whoever keeps only some keeps these.
    values: [...found.values, ...found.chunks],
    shingles: [...found.shingles],
  };
}

interface Found {
  values: Set<number>;
  chunks: Set<number>;
  shingles: Set<number>;
}

/** @param room how many times the limits there is room for: what is decoded is not crowded out by what stands around it */
function addFeatures(text: string, { values, chunks, shingles }: Found, room: number): void {
  const lower = (text.length > MAX_SCAN_CHARS ? text.slice(0, MAX_SCAN_CHARS) : text).toLowerCase();
  const recent = new Int32Array(SHINGLE_WORDS); // the last words' hashes, in a ring
  let words = 0;
  scanWords(lower, ({ from, to, hash, digit }) => {
    // Whatever is distinctive has a digit: the others need not be cut out.
    if (digit && values.size < MAX_VALUES * room && isDistinctive(lower.slice(from, to))) {
      values.add(hash);
      // A redaction token's hash says nothing under another key.
      if (to - from >= PIECE_CHARS && lower.charAt(to) !== "⟩")
        addChunks(lower, from, to, chunks, MAX_CHUNKS * room);
    }
    recent[words % SHINGLE_WORDS] = hash;
    words += 1;
    if (words < SHINGLE_WORDS) return true;
    if (shingles.size < MAX_SHINGLES * room) shingles.add(combine(recent, words % SHINGLE_WORDS));
    else if (values.size >= MAX_VALUES * room) return false;
    return true;
  });
}

function backward(text: string): string {
  let turned = "";
  for (const char of text) turned = char + turned;
  return turned;
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
