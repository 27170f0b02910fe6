import { createHash, type Hash } from "node:crypto";
import type { Heartbeat } from "@tripline/events";
import type { SeqRange } from "./completeness-types.ts";

/** What sequence numbers, heartbeats and hashes say. Pure. */

/** The numbers of [from, to) that are not among `present`. @param present ascending, each once */
export function missingRanges(present: readonly number[], from: number, to: number): SeqRange[] {
  const missing: SeqRange[] = [];
  let next = from;
  for (const seq of present) {
    if (seq < next || seq >= to) continue;
    if (seq > next) missing.push({ first_seq: next, last_seq: seq - 1 });
    next = seq + 1;
  }
  if (next < to) missing.push({ first_seq: next, last_seq: to - 1 });
  return missing;
}

export function countOf(ranges: readonly SeqRange[]): number {
  return ranges.reduce((sum, { first_seq, last_seq }) => sum + last_seq - first_seq + 1, 0);
}

/** The part of the ranges that lies in [from, to). */
export function within(ranges: readonly SeqRange[], from: number, to: number): SeqRange[] {
  return ranges.flatMap(({ first_seq, last_seq }) => {
    const range = { first_seq: Math.max(first_seq, from), last_seq: Math.min(last_seq, to - 1) };
    return range.first_seq <= range.last_seq ? [range] : [];
  });
}

/** What is left of the ranges without these numbers, and the numbers that were in them as ranges. */
export function split(
  ranges: readonly SeqRange[],
  numbers: ReadonlySet<number>,
): { rest: SeqRange[]; taken: SeqRange[] } {
  const rest: SeqRange[] = [];
  const taken: SeqRange[] = [];
  for (const { first_seq, last_seq } of ranges) {
    const inside = [...numbers].filter((seq) => seq >= first_seq && seq <= last_seq).sort((a, b) => a - b);
    rest.push(...missingRanges(inside, first_seq, last_seq + 1));
    taken.push(...inside.map((seq) => ({ first_seq: seq, last_seq: seq })));
  }
  return { rest, taken };
}

/** Drops of these reasons were on file and hashed: their numbers lie in earlier intervals than the declaration. */
const DROPPED_LATER = new Set(["refused", "spool_lost"]);
/** May have happened before the record got a number, or the record may have reached the log after all. */
const UNCERTAIN = new Set(["internal_error", "log_refused"]);

export interface IntervalFacts {
  heartbeat: Heartbeat;
  missing: readonly SeqRange[];
  /** Whether the stored records have the stated hash; null: not known. */
  hashMatches: boolean | null;
}

export type IntervalVerdict = "whole" | "dropped" | "missing" | "altered";

/**
 * What became of an interval. The hash is over all that was on file: where it matches, nothing was lost on the way, and
 * numbers without a record were the producer's own drops.
 */
export function judgeInterval({ heartbeat, missing, hashMatches }: IntervalFacts): IntervalVerdict {
  const absent = countOf(missing);
  const { certain, uncertain } = declaredIn(heartbeat.dropped);
  if (hashMatches !== true && absent > certain + uncertain) return "missing";
  if (hashMatches === false && uncertain === 0) return "altered";
  return absent === 0 ? "whole" : "dropped";
}

/** How many of the interval's numbers its own declaration accounts for, surely or perhaps. */
function declaredIn(dropped: Readonly<Record<string, number>>): { certain: number; uncertain: number } {
  let certain = 0;
  let uncertain = 0;
  for (const [reason, records] of Object.entries(dropped)) {
    if (UNCERTAIN.has(reason)) uncertain += records;
    else if (!DROPPED_LATER.has(reason)) certain += records;
  }
  return { certain, uncertain };
}

/** Numbers of the interval that its declaration does not account for. */
export function undeclared(missing: readonly SeqRange[], dropped: Readonly<Record<string, number>>): number {
  return Math.max(0, countOf(missing) - declaredIn(dropped).certain);
}

/** As much of a heartbeat as its chain needs. */
export interface ChainLink {
  seq: number;
  heartbeat: Heartbeat;
}

export type ChainVerdict =
  | "continues"
  | "heartbeat_missing"
  | "previous_differs"
  | "numbers_differ"
  | "overlaps";

/**
 * How a heartbeat follows the stored one with the next lower number (null: there is none).
 * `overlaps`: both tell of the same numbers, so two histories were written under one boot.
 */
export function judgeChain(link: ChainLink, before: ChainLink | null): ChainVerdict {
  const { from_seq, to_seq, previous } = link.heartbeat;
  if (before !== null && (from_seq < before.seq || link.seq <= before.seq)) return "overlaps";
  if (to_seq !== link.seq || from_seq > to_seq) return "numbers_differ";
  if (before === null) return from_seq === 0 && previous === null ? "continues" : "heartbeat_missing";
  if (from_seq !== before.seq) return "heartbeat_missing";
  return previous === before.heartbeat.hash ? "continues" : "previous_differs";
}

const MAX_READINGS = 64; // of an interval in which numbers were used twice: 2 records under each of 6 numbers

/** Hashes an interval as its producer did, record by record; where a number was used twice, for each reading of it. */
export class IntervalHash {
  #readings: Hash[] = [createHash("sha256")];
  #all = true;

  /** The records under the next number. @param digests of each, as hex; one unless the number was used twice */
  add(digests: readonly string[]): void {
    const [first, ...others] = digests;
    if (first === undefined) return;
    const fits = this.#readings.length * digests.length <= MAX_READINGS;
    if (!fits) this.#all = false;
    const further = fits
      ? this.#readings.flatMap((reading) => others.map((digest) => reading.copy().update(digest, "hex")))
      : [];
    for (const reading of this.#readings) reading.update(first, "hex");
    this.#readings.push(...further);
  }

  /** Null when there were too many readings to try. */
  matches(hash: string): boolean | null {
    const matching = this.#readings.some((reading) => reading.copy().digest("hex") === hash);
    return matching || this.#all ? matching : null;
  }
}
