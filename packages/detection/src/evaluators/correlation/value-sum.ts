import type { Severity } from "@tripline/events";
import { z } from "zod";
import { spanText } from "../span-text.ts";
import { type Bounds, within } from "./bounds.ts";
import { type CorrelationKind, dropOld, insertByTime, windowsOf } from "./correlation-kind.ts";
import { numbersReader, numberText } from "./numbers.ts";
import { evidenceWithin, keepLast, shownOf, shownRecord } from "./shown-records.ts";

const MAX_PARCELS = 512; // beyond it the older half is put together in pairs
const parcel = z.object({ t: z.number(), sum: z.number(), count: z.number() });
type Parcel = z.infer<typeof parcel>;
const stateSchema = z.object({ parcels: z.array(parcel), last: z.array(shownRecord) });

/**
 * Sigma's value_sum and value_avg: the sum or mean of a field's numbers in a group within the timespan that ends with a
 * record. Of a group with very many records, older neighbours are put together and count as of the later one's time:
 * nothing is left out of the sum, but some of it may count for a little longer.
 */
export function valueSum(
  windowMs: number,
  bounds: Bounds,
  { field, mean }: { field: string; mean: boolean },
  level: Severity,
): CorrelationKind<z.infer<typeof stateSchema>> {
  const read = numbersReader(field);
  return {
    state: stateSchema,
    windowMs,
    fresh: () => ({ parcels: [], last: [] }),
    judge({ parcels, last }, view) {
      const numbers = read(view);
      if (numbers.length === 0) return null;
      insertByTime(parcels, {
        t: view.time,
        sum: numbers.reduce((sum, each) => sum + each, 0),
        count: numbers.length,
      });
      const note = `${field} ${numbers.map(numberText).join(", ")}`;
      keepLast(last, shownOf(view, note));
      dropOld(parcels, windowMs);
      if (parcels.length > MAX_PARCELS) putTogether(parcels);
      for (const { end, from, to } of windowsOf(parcels, view.time, windowMs)) {
        const members = parcels.slice(from, to);
        const total = together(members);
        const value = mean ? total.sum / total.count : total.sum;
        if (!within(bounds, value)) continue;
        return {
          level,
          evidence: () => evidenceWithin(last, { from: end - windowMs, to: end }, view, note),
          facts: () => ({ value: numberText(value), count: String(total.count), window: spanText(windowMs) }),
        };
      }
      return null;
    },
  };
}

function together(parcels: readonly Parcel[]): { sum: number; count: number } {
  let sum = 0;
  let count = 0;
  for (const each of parcels) {
    sum += each.sum;
    count += each.count;
  }
  return { sum, count };
}

function putTogether(parcels: Parcel[]): void {
  const older = parcels.splice(0, MAX_PARCELS / 2);
  const pairs: Parcel[] = [];
  for (let at = 0; at < older.length; at += 2) {
    const pair = older.slice(at, at + 2);
    pairs.push({ t: pair.at(-1)?.t ?? 0, ...together(pair) });
  }
  parcels.unshift(...pairs);
}
