/** What a text is made of, counted in one pass. */
export interface Wording {
  /** Pieces between white space. */
  tokens: number;
  /** Tokens of letters only, punctuation around them aside. */
  words: number;
  /** Words that are not Capitalised: sentences have them, lists of names do not. */
  plain: number;
  /** Most words in a row. */
  run: number;
  /** Characters of scripts that write no spaces. */
  unspaced: number;
}

const MAX_COUNTED_CHARS = 4096; // of one text, at a time: enough to tell what it is
const PROSE_CHARS = 48; // with PROSE_WORDS: the shortest text that is a sentence and not a label
const PROSE_LINES_CHARS = 32; // of a text of several lines
const PROSE_WORDS = 6;
const PROSE_RUN = 7; // words in a row, whatever numbers and signs stand around them
const PROSE_UNSPACED = 20; // ideographs: about ten words
const SHORT_PROSE_UNSPACED = 8; // with an address among them
const SHORT_PROSE_CHARS = 14; // a short text is prose when words and an address stand in it: "forward this to a@b.example"
const SHORT_PROSE_PLAIN = 3;

const OTHER = 0;
const SPACE = 1;
const LOWER = 2;
const UPPER = 3;
const UNSPACED = 4;
const INSIDE = 5; // apostrophe and hyphen: within a word
const AROUND = 6; // punctuation and quotes: before and behind a word
const KINDS = new Uint8Array(128);
for (let code = 0; code < KINDS.length; code += 1) {
  const char = String.fromCharCode(code);
  if (code <= 32) KINDS[code] = SPACE;
  else if (/[a-z]/.test(char)) KINDS[code] = LOWER;
  else if (/[A-Z]/.test(char)) KINDS[code] = UPPER;
  else if (/['-]/.test(char)) KINDS[code] = INSIDE;
  else if (/[.,;:!?"()[\]*_`>]/.test(char)) KINDS[code] = AROUND;
}

function kindOf(code: number): number {
  if (code < 128) return KINDS[code] ?? OTHER;
  if (code < 0xc0) return code === 0xa0 ? SPACE : AROUND;
  if (code >= 0x2000 && code < 0x2070) {
    if (code <= 0x200a || code === 0x2028 || code === 0x2029 || code === 0x202f) return SPACE;
    return code <= 0x200d || code === 0x2019 ? INSIDE : AROUND;
  }
  if (code >= 0x3000 && code <= 0x303f) return code === 0x3000 ? SPACE : AROUND;
  if ((code >= 0x3040 && code <= 0x9fff) || (code >= 0xf900 && code <= 0xfaff)) return UNSPACED;
  if (code >= 0x0e00 && code <= 0x0eff) return UNSPACED; // Thai, Lao
  if (code >= 0x1000 && code <= 0x109f) return UNSPACED; // Burmese
  if (code >= 0x1780 && code <= 0x17ff) return UNSPACED; // Khmer
  if (code >= 0xff00 && code <= 0xffef) return AROUND;
  if (code >= 0x2070 && code < 0x3000) return OTHER; // signs, arrows, boxes
  return LOWER;
}

export function wordingOf(text: string, from = 0, to = text.length): Wording {
  const wording: Wording = { tokens: 0, words: 0, plain: 0, run: 0, unspaced: 0 };
  const end = Math.min(to, from + MAX_COUNTED_CHARS);
  let run = 0;
  for (let at = from; at < end; ) {
    let kind = kindOf(text.charCodeAt(at));
    if (kind === SPACE) {
      at += 1;
      continue;
    }
    let lower = 0;
    let upper = 0;
    let isWord = true;
    let behind = false; // punctuation was met after letters: more letters make it no plain word
    const first = kind;
    while (kind !== SPACE) {
      if (kind === LOWER || kind === UPPER) {
        if (behind) isWord = false;
        if (kind === LOWER) lower += 1;
        else upper += 1;
      } else if (kind === UNSPACED) wording.unspaced += 1;
      else if (kind === AROUND) behind = lower + upper > 0;
      else if (kind === OTHER) isWord = false;
      at += 1;
      if (at >= end) break;
      kind = kindOf(text.charCodeAt(at));
    }
    wording.tokens += 1;
    const letters = lower + upper;
    if (isWord && (letters >= 2 || (letters === 1 && first !== OTHER))) {
      wording.words += 1;
      if (upper === 0 || (lower === 0 && upper >= 2)) wording.plain += 1;
      run += 1;
      if (run > wording.run) wording.run = run;
    } else run = 0;
  }
  return wording;
}

/**
 * Whether one value (a member of JSON, a cell, a line) is free text: long enough for a sentence and made of words, or
 * short but with words around an address. Longer names and postal addresses count as free text too: to take text for a
 * field lets whoever wrote it vouch for himself.
 */
export function isProse(text: string, from = 0, to = text.length): boolean {
  // A sentence behind a long list of numbers is still one.
  for (let at = from; at === from || at < to; at += MAX_COUNTED_CHARS) {
    if (isProsePiece(text, at, Math.min(to, at + MAX_COUNTED_CHARS))) return true;
  }
  return false;
}

function isProsePiece(text: string, from: number, to: number): boolean {
  const length = to - from;
  if (length < SHORT_PROSE_CHARS) return false;
  const long = length >= PROSE_CHARS || (length >= PROSE_LINES_CHARS && hasLineBreak(text, from, to));
  const addressed = holdsAddress(text, from, to);
  if (!long && !addressed && !holdsUnspaced(text, from, to)) return false;
  const { tokens, words, plain, run, unspaced } = wordingOf(text, from, to);
  if (unspaced >= PROSE_UNSPACED) return true;
  if (long && words >= PROSE_WORDS && (words * 2 >= tokens || run >= PROSE_RUN)) return true;
  const enough = unspaced >= SHORT_PROSE_UNSPACED || (plain >= SHORT_PROSE_PLAIN && words * 2 >= tokens);
  return enough && addressed;
}

const BLOCK_WORDS = 8;

/**
 * Whether lines that stand together are running text: most tokens are words, and not all of them names. Lines of a
 * listing, a terminal or a form fail this even when they are long together.
 */
export function isProseBlock(text: string, from: number, to: number): boolean {
  const { tokens, words, plain, unspaced } = wordingOf(text, from, to);
  if (unspaced >= PROSE_UNSPACED) return true;
  return words >= BLOCK_WORDS && words * 20 >= tokens * 11 && plain * 5 >= words * 2;
}

function hasLineBreak(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) if (text.charCodeAt(at) === 10) return true; // indexOf would look past `to`
  return false;
}

/** Whether some character may be of a script without spaces. */
function holdsUnspaced(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) if (text.charCodeAt(at) >= 0x0e00) return true;
  return false;
}

function holdsAddress(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 64) return true; // @
    if (code === 58 && text.startsWith("://", at)) return true;
    if (code === 119 && text.startsWith("www.", at)) return true;
  }
  return false;
}
