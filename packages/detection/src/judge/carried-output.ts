import type { JudgedCall } from "./judged-call.ts";
import { has, hasAny } from "./sentences.ts";
import type { Session } from "./session.ts";
import type { Tape } from "./tape.ts";

const GRAM = 3;
const MIN_GRAMS = 5;
const MIN_GRAM_SHARE = 0.25;

/** Whether long arguments repeat what another record than the text's holds: data goes out. */
export function carriesOutput(session: Session, call: JudgedCall, segment: number): boolean {
  const tape = session.texts;
  const own = tape.segments[segment];
  if (own === undefined) return false;
  const others = tape.segments.flatMap(({ start, call: source, record }, index) =>
    source === own.call && record === own.record ? [] : [{ from: start, to: tape.endOf(index) }],
  );
  const { longs, marked, grams } = call.values;
  if (grams.length > 0) return repeats(tape, others, new Set(grams), 1);
  const news = marked.filter(
    (hash) =>
      !has(tape, own.start, tape.endOf(segment), hash) && !has(session.said, 0, session.said.length, hash),
  );
  if (news.length > 0) {
    const wanted = new Set(news);
    if (others.some(({ from, to }) => hasAny(tape, from, to, wanted))) return true;
  }
  const runs = new Set<number>();
  for (const { hashes } of longs)
    for (let at = 0; at + GRAM <= hashes.length; at += 1) runs.add(gram(hashes, at));
  return repeats(tape, others, runs, GRAM);
}

/** @param size tokens of a run on the tape: one where runs were hashed elsewhere */
function repeats(
  tape: Tape,
  places: readonly { from: number; to: number }[],
  runs: ReadonlySet<number>,
  size: number,
): boolean {
  if (runs.size < MIN_GRAMS) return false;
  const found = new Set<number>();
  for (const { from, to } of places) {
    for (let at = from; at + size <= to; at += 1) {
      const key = size === 1 ? (tape.hashes[at] ?? 0) : gram(tape.hashes, at);
      if (runs.has(key)) found.add(key);
    }
  }
  return found.size >= MIN_GRAMS && found.size / runs.size >= MIN_GRAM_SHARE;
}

/** One number for a run of tokens. */
export function gram(hashes: ArrayLike<number>, at: number, size = GRAM): number {
  let key = 0x811c9dc5;
  for (let each = 0; each < size; each += 1) key = Math.imul(key ^ (hashes[at + each] ?? 0), 0x01000193);
  return key >>> 0;
}
