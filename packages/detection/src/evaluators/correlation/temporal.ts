import type { Severity } from "@tripline/events";
import { z } from "zod";
import { evidenceOf, evidenceState } from "../evidence.ts";
import { spanText } from "../span-text.ts";
import { type CorrelationKind, dropOld, insertByTime } from "./correlation-kind.ts";

const MAX_OCCURRENCES = 16; // of one rule in a group; in order only the newest matters, the others are for late records
const occurrence = z.object({ t: z.number(), evidence: evidenceState });
type Occurrence = z.infer<typeof occurrence>;
const MAX_TRIES = 256; // at chains of one record; beyond it, records that are of several rules may hide one
/** For each of the correlation's rules, in order of time. */
const stateSchema = z.object({ seen: z.array(z.array(occurrence)) });

export interface Temporal {
  /** The rules' names: steps of the evidence. */
  readonly names: readonly string[];
  /** Whether these rules, by their place, having occurred is what the correlation looks for. */
  holds(occurred: readonly boolean[]): boolean;
  /** The rules that must have occurred one after the other; null: in any order. */
  readonly order: readonly number[] | null;
}

/**
 * Sigma's temporal and temporal_ordered: records of several rules in one group within the timespan that ends with a
 * record. In order means in order of time; of records of the same millisecond either counts as first, and one record is
 * never two steps.
 */
export function temporal(
  windowMs: number,
  { names, holds, order }: Temporal,
  level: Severity,
): CorrelationKind<z.infer<typeof stateSchema>> {
  return {
    state: stateSchema,
    windowMs,
    fresh: () => ({ seen: names.map(() => []) }),
    judge({ seen }, view, hits) {
      for (const hit of hits) {
        const own = seen[hit];
        if (own === undefined) continue;
        insertByTime(own, { t: view.time, evidence: evidenceOf(view, names[hit] ?? "") });
        if (own.length > MAX_OCCURRENCES) own.shift();
        dropOld(own, windowMs);
      }
      for (const end of endsOf(seen, view.time, windowMs)) {
        const within = seen.map((own) => own.filter(({ t }) => t <= end && t >= end - windowMs));
        if (!holds(within.map((own) => own.length > 0))) continue;
        const chain = order === null ? newest(within) : chainOf(within, order);
        if (chain === null || !chain.some(({ evidence }) => evidence.record_id === view.record.envelope.id))
          continue;
        return {
          level,
          evidence: () => chain.map(({ evidence }) => evidence),
          facts: () => ({
            window: spanText(windowMs),
            count: String(within.filter((own) => own.length > 0).length),
          }),
        };
      }
      return null;
    },
  };
}

/** The record's own time, and those of what happened up to a window later and came before it. */
function endsOf(seen: readonly (readonly Occurrence[])[], time: number, windowMs: number): number[] {
  const ends = new Set([time]);
  for (const own of seen) for (const { t } of own) if (t > time && t <= time + windowMs) ends.add(t);
  return [...ends].sort((a, b) => a - b);
}

function newest(within: readonly (readonly Occurrence[])[]): Occurrence[] {
  return within
    .flatMap((own) => own.slice(-1))
    .sort((a, b) => a.t - b.t || (a.evidence.record_id < b.evidence.record_id ? -1 : 1));
}

/**
 * Backwards from the newest of the last rule, the newest that fits of each before it: where no record is of several
 * rules, a chain is found so if there is one. Where some are, others are tried, up to `MAX_TRIES`.
 */
function chainOf(within: readonly (readonly Occurrence[])[], order: readonly number[]): Occurrence[] | null {
  let tries = 0;
  const search = (left: number, before: number, chain: readonly Occurrence[]): Occurrence[] | null => {
    const rule = order[left - 1];
    if (rule === undefined) return [...chain];
    const own = within[rule] ?? [];
    for (let at = own.length - 1; at >= 0; at -= 1) {
      const candidate = own[at];
      if (candidate === undefined || candidate.t > before || isIn(chain, candidate)) continue;
      tries += 1;
      if (tries > MAX_TRIES) return null;
      const found = search(left - 1, candidate.t, [candidate, ...chain]);
      if (found !== null) return found;
    }
    return null;
  };
  return search(order.length, Number.POSITIVE_INFINITY, []);
}

function isIn(chain: readonly Occurrence[], { evidence }: Occurrence): boolean {
  return chain.some((each) => each.evidence.record_id === evidence.record_id);
}
