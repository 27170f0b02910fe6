import { classesOfWord } from "./action-words.ts";
import type { Tape } from "./tape.ts";
import { SENTENCE_START } from "./token-scan.ts";

/** A sentence of a text, as places on the tape. */
export interface Sentence {
  from: number;
  to: number;
  /** Bits of the classes of acts that its words speak of. */
  classes: number;
}

const MAX_SENTENCE_TOKENS = 100;

export function sentencesOf(tape: Tape, from: number, to: number): Sentence[] {
  const found: Sentence[] = [];
  let current: Sentence = { from, to: from, classes: 0 };
  for (let at = from; at < to; at += 1) {
    const starts = ((tape.marks[at] ?? 0) & SENTENCE_START) !== 0;
    if ((starts || at - current.from >= MAX_SENTENCE_TOKENS) && at > current.from) {
      found.push(current);
      current = { from: at, to: at, classes: 0 };
    }
    current.to = at + 1;
    current.classes |= classesOfWord(tape.hashes[at] ?? 0);
  }
  if (current.to > current.from) found.push(current);
  return found;
}

/** Whether one of the words stands between two places. */
export function hasAny(tape: Tape, from: number, to: number, hashes: ReadonlySet<number>): boolean {
  for (let at = from; at < to; at += 1) if (hashes.has(tape.hashes[at] ?? 0)) return true;
  return false;
}

export function has(tape: Tape, from: number, to: number, hash: number): boolean {
  return tape.hashes.subarray(from, to).includes(hash);
}
