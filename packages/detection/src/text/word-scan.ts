import { fnv1a } from "./hashing.ts";

/** A word of a lower-case text: `text.slice(from, to)`, without the punctuation at its end. */
export interface ScannedWord {
  from: number;
  to: number;
  hash: number;
  /** Whether one of its characters is a digit 0-9. */
  digit: boolean;
}

const NONE = 0;
const STARTS = 1; // letters and digits: may begin a word
const JOINS = 2; // _.@+-: within a word, not at its end
const KINDS = new Uint8Array(128);
for (let code = 0; code < KINDS.length; code += 1) {
  const char = String.fromCharCode(code);
  KINDS[code] = /[a-z0-9]/i.test(char) ? STARTS : /[_.@+-]/.test(char) ? JOINS : NONE;
}
const LETTER_OR_NUMBER = /[\p{L}\p{N}]/u;

/**
 * Hands each word of a lower-case text to `onWord`, until that returns false: letters and digits of any script, joined by
 * `_.@+-`. One object is used for all words. By hand, since this runs over every argument and result.
 */
export function scanWords(text: string, onWord: (word: ScannedWord) => boolean): void {
  const word: ScannedWord = { from: 0, to: 0, hash: 0, digit: false };
  for (let at = 0; at < text.length; ) {
    if (kindAt(text, at) !== STARTS) {
      at += 1;
      continue;
    }
    word.from = at;
    word.to = at;
    word.digit = false;
    for (let kind = STARTS; kind !== NONE && at < text.length; kind = kindAt(text, at)) {
      const code = text.charCodeAt(at);
      at += isPairAt(text, at) ? 2 : 1;
      if (kind === STARTS) word.to = at;
      if (code >= 48 && code <= 57) word.digit = true;
    }
    word.hash = fnv1a(text, word.from, word.to);
    if (!onWord(word)) return;
  }
}

function kindAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code < KINDS.length) return KINDS[code] ?? NONE;
  if (Number.isNaN(code)) return NONE;
  return LETTER_OR_NUMBER.test(isPairAt(text, at) ? text.slice(at, at + 2) : text.charAt(at)) ? STARTS : NONE;
}

function isPairAt(text: string, at: number): boolean {
  return (text.codePointAt(at) ?? 0) > 0xffff;
}
