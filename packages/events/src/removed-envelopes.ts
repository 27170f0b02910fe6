import { z } from "zod";
import type { Envelope } from "./envelope.ts";
import { name, timestamp } from "./fields.ts";
import { OWN_PRODUCERS } from "./own-producers.ts";

/**
 * Which envelopes a record of type `retention` says were removed, in terms that a leaf of the ledger decides: a leaf says its position and
 * nothing of whose record it was. So the record names a stretch of one partition, and each position in it that stays.
 */

export const MAX_KEPT = 2_000; // ranges of one record: 40 KB; where more stay, it covers as far as they reach
const position = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

export const removedEnvelopesSchema = z.looseObject({
  action: z.literal("removed"),
  generation: name.describe("of the log"),
  partition: position.describe("of `tripline.events`"),
  from: position.describe("positions from here on"),
  to: position.describe("positions before there"),
  kept: z
    .array(z.tuple([position, position]))
    .max(MAX_KEPT)
    .describe(
      "positions in it that stay, as [from, before]: of what is held, and of erasures and retentions, which prove things",
    ),
  before: timestamp.describe("all of it was appended before"),
  by: name,
});

export interface RemovedEnvelopes {
  generation: string;
  partition: number;
  from: number;
  to: number;
  /** Ascending, without overlaps. */
  kept: readonly (readonly [from: number, to: number])[];
  /** RFC 3339 */
  before: string;
}

/**
 * What a record says was removed; null for another one, for one that Tripline's own services did not write, and for one that reaches
 * beyond its own time.
 */
export function removedBy({ type, retention, producer, time }: Envelope): RemovedEnvelopes | null {
  if (type !== "retention" || retention?.action !== "removed" || !OWN_PRODUCERS.has(producer.id)) return null;
  const { generation, partition, from, to, before } = retention;
  if (before > time || from > to) return null;
  return { generation, partition, from, to, kept: merged(retention.kept), before };
}

function merged(ranges: readonly (readonly [number, number])[]): [number, number][] {
  const all: [number, number][] = [];
  for (const [from, to] of ranges.toSorted(([a], [b]) => a - b)) {
    const last = all.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else if (to > from) all.push([from, to]);
  }
  return all;
}

/** Whether this position is among what was removed. */
export function isRemoved({ from, to, kept }: RemovedEnvelopes, index: number): boolean {
  if (index < from || index >= to) return false;
  let low = 0;
  let high = kept.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((kept[middle]?.[0] ?? 0) <= index) low = middle + 1;
    else high = middle;
  }
  const last = kept[low - 1];
  return last === undefined || index >= last[1];
}
