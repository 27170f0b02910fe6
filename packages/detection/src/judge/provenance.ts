import { isHard, type Value } from "./argument-values.ts";
import type { Session } from "./session.ts";
import { FIELD, LEAF_START, PROSE, type Tape } from "./tape.ts";
import { BEHIND_LABEL, DAY, DOMAIN, LINE_END } from "./token-scan.ts";

/**
 * Where a value of a call comes from, as seen from one text that holds it: `agent`: it was said before the text was read, so
 * the task or an earlier step brought it. `field`: a system's field has it. `text`: another text has it. `sole`: this
 * text alone.
 */
export type Origin = "agent" | "field" | "text" | "sole";

/** A value's place in a text. */
export interface Hit {
  value: Value;
  at: number;
  /** It fills a line, or follows a label on it: a document's field and no part of a sentence. */
  labelled: boolean;
}

export interface TextHits {
  /** Index of the text among the tape's segments. */
  segment: number;
  hits: Hit[];
}

interface FieldPlace {
  call: number;
  record: number;
}

/** Everything that is known of where a call's values stand. */
export interface Provenance {
  texts: TextHits[];
  originOf(value: Value, text: TextHits): Origin;
  /** Whether a field of the text's own record holds the value: the author's address. */
  isBeside(value: Value, text: TextHits): boolean;
}

const MAX_HITS = 256; // of one call; a hostile text may repeat a value without end
const MAX_PLACES = 64; // of one value among fields

export function provenanceOf(session: Session, values: readonly Value[]): Provenance {
  const { texts, fields } = find(session.texts, values);
  const held = new Set(texts.flatMap(({ hits }) => hits.map(({ value }) => value)));
  const uses = usesOf(session.said, [...held]);
  const firstUse = (value: Value): number => uses.get(value)?.[0] ?? Number.POSITIVE_INFINITY;

  return {
    texts,
    isBeside(value, { segment }) {
      const text = session.texts.segments[segment];
      return (fields.get(value) ?? []).some(
        ({ call, record }) => call === text?.call && record === text.record,
      );
    },
    originOf(value, found) {
      const text = session.texts.segments[found.segment];
      if (text === undefined) return "agent";
      const used = firstUse(value);
      if (used <= text.call) return "agent";
      const vouched = (fields.get(value) ?? []).some(
        ({ call, record }) =>
          call < used &&
          !(call === text.call && record === text.record) &&
          (!isHard(value) || call <= text.call || !isTold(call, record, value)),
      );
      if (vouched) return "field";
      if (!isHard(value) && isInOtherText(value, found)) return "text";
      return "sole";
    },
  };

  /** Whether free text of the record holds the value too: a letter that was read once more vouches for nothing in it. */
  function isTold(call: number, record: number, value: Value): boolean {
    return texts.some(({ segment, hits }) => {
      const about = session.texts.segments[segment];
      return about?.call === call && about.record === record && hits.some((hit) => hit.value === value);
    });
  }

  function isInOtherText(value: Value, found: TextHits): boolean {
    const own = found.hits.find((hit) => hit.value === value);
    if (own === undefined) return false;
    const context = contextOf(session.texts, own.at);
    return texts.some((other) => {
      if (other.segment === found.segment) return false;
      if ((session.texts.segments[other.segment]?.call ?? 0) >= firstUse(value)) return false;
      const hit = other.hits.find((each) => each.value === value);
      return hit !== undefined && contextOf(session.texts, hit.at) !== context;
    });
  }
}

const CONTEXT_TOKENS = 3;

/** What stands before a place: the same text read twice is one source. */
function contextOf(tape: Tape, at: number): number {
  let context = 0;
  for (let each = Math.max(0, at - CONTEXT_TOKENS); each < at; each += 1)
    context = Math.imul(context ^ (tape.hashes[each] ?? 0), 0x01000193);
  return context;
}

function find(tape: Tape, values: readonly Value[]): { texts: TextHits[]; fields: Map<Value, FieldPlace[]> } {
  const texts: TextHits[] = [];
  const fields = new Map<Value, FieldPlace[]>();
  const byFirst = byFirstToken(values);
  let hits = 0;
  let segment = 0;
  for (const at of tape.placesOf(byFirst.keys())) {
    while (tape.endOf(segment) <= at) segment += 1;
    const about = tape.segments[segment];
    if (about === undefined) break;
    for (const value of byFirst.get(tape.hashes[at] ?? 0) ?? []) {
      if (about.kind !== FIELD && (about.kind !== PROSE || hits >= MAX_HITS)) continue;
      const last = matchEnd(tape, at, tape.endOf(segment), value.hashes);
      if (last < 0) continue;
      if (about.kind === FIELD) {
        const places = fields.get(value) ?? [];
        if (places.length === 0) fields.set(value, places);
        if (places.length < MAX_PLACES) places.push({ call: about.call, record: about.record });
        continue;
      }
      hits += 1;
      const labelled =
        ((tape.marks[at] ?? 0) & BEHIND_LABEL) !== 0 && ((tape.marks[last] ?? 0) & LINE_END) !== 0;
      const text = texts.at(-1);
      if (text?.segment === segment) text.hits.push({ value, at, labelled });
      else texts.push({ segment, hits: [{ value, at, labelled }] });
    }
  }
  return { texts, fields };
}

/** Where the run of tokens that begins at `at` ends on the tape, or -1. Days and domains stand beside what they are part of. */
function matchEnd(tape: Tape, at: number, end: number, hashes: readonly number[]): number {
  let place = at;
  for (let each = 1; each < hashes.length; each += 1) {
    place += 1;
    while (place < end && (tape.kindAt(place) === DAY || tape.kindAt(place) === DOMAIN)) place += 1;
    if (place >= end || tape.hashes[place] !== hashes[each]) return -1;
    if (((tape.marks[place] ?? 0) & LEAF_START) !== 0) return -1;
  }
  return place;
}

function byFirstToken(values: readonly Value[]): Map<number, Value[]> {
  const byFirst = new Map<number, Value[]>();
  for (const value of values) {
    const [hash] = value.hashes;
    if (hash === undefined) continue;
    const known = byFirst.get(hash);
    if (known === undefined) byFirst.set(hash, [value]);
    else known.push(value);
  }
  return byFirst;
}

/** Indexes of the calls whose arguments held a value, each once, ascending. A phrase counts when all its tokens were said. */
function usesOf(said: Tape, values: readonly Value[]): Map<Value, number[]> {
  const uses = new Map<Value, number[]>();
  const wanted = new Set(values.flatMap(({ hashes }) => hashes));
  let segment = 0;
  let seen = new Set<number>();
  const close = (): void => {
    const call = said.segments[segment]?.call;
    if (seen.size === 0 || call === undefined) return;
    for (const value of values) {
      if (!value.hashes.every((hash) => seen.has(hash))) continue;
      const known = uses.get(value);
      if (known === undefined) uses.set(value, [call]);
      else known.push(call);
    }
    seen = new Set();
  };
  for (const at of said.placesOf(wanted)) {
    if (said.endOf(segment) <= at) close();
    while (said.endOf(segment) <= at) segment += 1;
    seen.add(said.hashes[at] ?? 0);
  }
  close();
  return uses;
}
