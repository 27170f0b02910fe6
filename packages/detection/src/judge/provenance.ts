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
  if (values.length === 0) return { texts, fields };
  const { filter, byFirst } = indexOf(values);
  const { hashes } = tape;
  let hits = 0;
  for (let segment = 0; segment < tape.segments.length; segment += 1) {
    const about = tape.segments[segment];
    if (about === undefined) break;
    const end = tape.endOf(segment);
    let found: Hit[] | null = null;
    for (let at = about.start; at < end; at += 1) {
      const hash = hashes[at] ?? 0;
      if ((filter[(hash >>> 5) & 31] ?? 0) & (1 << (hash & 31))) {
        for (const value of byFirst.get(hash) ?? []) {
          const last = matchEnd(tape, at, end, value.hashes);
          if (last < 0) continue;
          if (about.kind === FIELD) {
            const places = fields.get(value) ?? [];
            if (places.length === 0) fields.set(value, places);
            if (places.length < 64) places.push({ call: about.call, record: about.record });
          } else if (about.kind === PROSE && hits < MAX_HITS) {
            hits += 1;
            const labelled =
              ((tape.marks[at] ?? 0) & BEHIND_LABEL) !== 0 && ((tape.marks[last] ?? 0) & LINE_END) !== 0;
            found ??= [];
            found.push({ value, at, labelled });
          }
        }
      }
    }
    if (found !== null) texts.push({ segment, hits: found });
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

interface Index {
  /** Of the first tokens, see `filterOf`. */
  filter: Uint32Array;
  byFirst: Map<number, Value[]>;
}

/** Nearly all tokens of a tape are none of those wanted: a thousand bits tell that without looking each up. */
function filterOf(hashes: Iterable<number>): Uint32Array {
  const filter = new Uint32Array(32);
  for (const hash of hashes) {
    const slot = (hash >>> 5) & 31;
    filter[slot] = (filter[slot] ?? 0) | (1 << (hash & 31));
  }
  return filter;
}

function indexOf(values: readonly Value[]): Index {
  const byFirst = new Map<number, Value[]>();
  for (const value of values) {
    const [hash] = value.hashes;
    if (hash === undefined) continue;
    const known = byFirst.get(hash);
    if (known === undefined) byFirst.set(hash, [value]);
    else known.push(value);
  }
  return { filter: filterOf(byFirst.keys()), byFirst };
}

/** Indexes of the calls whose arguments held a value, each once, ascending. A phrase counts when all its tokens were said. */
function usesOf(said: Tape, values: readonly Value[]): Map<Value, number[]> {
  const uses = new Map<Value, number[]>();
  if (values.length === 0) return uses;
  const wanted = new Set(values.flatMap(({ hashes }) => hashes));
  const filter = filterOf(wanted);
  for (let segment = 0; segment < said.segments.length; segment += 1) {
    const about = said.segments[segment];
    if (about === undefined) break;
    let found: Set<number> | null = null;
    const end = said.endOf(segment);
    for (let at = about.start; at < end; at += 1) {
      const hash = said.hashes[at] ?? 0;
      if (((filter[(hash >>> 5) & 31] ?? 0) & (1 << (hash & 31))) === 0 || !wanted.has(hash)) continue;
      found ??= new Set();
      found.add(hash);
    }
    if (found === null) continue;
    const seen = found;
    for (const value of values) {
      if (!value.hashes.every((hash) => seen.has(hash))) continue;
      const known = uses.get(value);
      if (known === undefined) uses.set(value, [about.call]);
      else known.push(about.call);
    }
  }
  return uses;
}
