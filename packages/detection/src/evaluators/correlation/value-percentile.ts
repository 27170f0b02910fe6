import type { Severity } from "@tripline/events";
import { z } from "zod";
import { spanText } from "../span-text.ts";
import { type Bounds, within } from "./bounds.ts";
import { type CorrelationKind, dropOld, insertByTime, windowsOf } from "./correlation-kind.ts";
import { numbersReader, numberText } from "./numbers.ts";
import { evidenceWithin, keepLast, shownOf, shownRecord } from "./shown-records.ts";

const MAX_SAMPLES = 1000; // of one group; the 99th percentile is then the tenth from the top
const sample = z.object({ t: z.number(), value: z.number() });
const stateSchema = z.object({ samples: z.array(sample), last: z.array(shownRecord) });

/**
 * Sigma's value_percentile (nearest rank: the least of the field's numbers that so many percent do not exceed) in a group
 * within the timespan that ends with a record. Of more numbers than are kept the oldest are forgotten, which is counted.
 */
export function valuePercentile(
  windowMs: number,
  bounds: Bounds,
  { field, percentile }: { field: string; percentile: number },
  level: Severity,
): CorrelationKind<z.infer<typeof stateSchema>> {
  const read = numbersReader(field);
  return {
    state: stateSchema,
    windowMs,
    fresh: () => ({ samples: [], last: [] }),
    judge({ samples, last }, view, _hits, forget) {
      const numbers = read(view);
      if (numbers.length === 0) return null;
      for (const value of numbers) insertByTime(samples, { t: view.time, value });
      const note = `${field} ${numbers.map(numberText).join(", ")}`;
      keepLast(last, shownOf(view, note));
      dropOld(samples, windowMs);
      while (samples.length > MAX_SAMPLES) {
        samples.shift();
        forget("values");
      }
      for (const { end, from, to } of windowsOf(samples, view.time, windowMs)) {
        const members = samples.slice(from, to);
        const value = nearestRank(
          members.map((each) => each.value),
          percentile,
        );
        if (!within(bounds, value)) continue;
        return {
          level,
          evidence: () => evidenceWithin(last, { from: end - windowMs, to: end }, view, note),
          facts: () => ({
            value: numberText(value),
            count: String(members.length),
            window: spanText(windowMs),
          }),
        };
      }
      return null;
    },
  };
}

function nearestRank(values: readonly number[], percentile: number): number {
  const sorted = Float64Array.from(values).sort();
  const rank = Math.max(1, Math.ceil((percentile / 100) * sorted.length));
  return sorted[rank - 1] ?? Number.NaN;
}
