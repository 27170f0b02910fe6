import type { Severity } from "@tripline/events";
import { z } from "zod";
import type { RecordView } from "../../record/record-view.ts";
import { type Evidence, evidenceOf } from "../evidence.ts";
import { spanText } from "../span-text.ts";
import { type Bounds, countedUpTo, leastWithin, within } from "./bounds.ts";
import { type CorrelationKind, dropOld, insertByTime, windowsOf } from "./correlation-kind.ts";
import {
  evidenceOfShown,
  keepLast,
  MAX_SHOWN,
  type ShownRecord,
  shownOf,
  shownRecord,
} from "./shown-records.ts";

const stateSchema = z.object({ times: z.array(z.number()), last: z.array(shownRecord) });

/**
 * Sigma's event_count: how many records of a group there are within the timespan that ends with a record. Of more than
 * the condition asks for the oldest are not kept, so the count that is told is at most one above its greatest number.
 */
export function eventCount(
  windowMs: number,
  bounds: Bounds,
  level: Severity,
): CorrelationKind<z.infer<typeof stateSchema>> {
  const most = countedUpTo(bounds);
  const shownFrom = leastWithin(bounds) - MAX_SHOWN; // those before are never shown
  return {
    state: stateSchema,
    windowMs,
    sharesRow: true,
    fresh: () => ({ times: [], last: [] }),
    judge({ times, last }, view) {
      insertByTime(times, view.time);
      dropOld(times, windowMs);
      if (times.length > shownFrom) keepLast(last, shownOf(view));
      if (times.length > most) times.splice(0, times.length - most);
      for (const { end, from, to } of windowsOf(times, view.time, windowMs)) {
        const count = to - from;
        if (!within(bounds, count)) continue;
        return {
          level,
          evidence: () => shownIn(last, end - windowMs, end, count, view),
          facts: () => ({ count: String(count), window: spanText(windowMs) }),
        };
      }
      return null;
    },
  };
}

function shownIn(
  last: readonly ShownRecord[],
  from: number,
  to: number,
  count: number,
  view: RecordView,
): Evidence[] {
  const inWindow = last.filter(({ t }) => t >= from && t <= to);
  return inWindow.map((each, index) => {
    if (each.id === view.record.envelope.id) return evidenceOf(view, "event");
    const note = `call ${count - inWindow.length + index + 1} of ${count}`;
    return evidenceOfShown({ ...each, note }, "event");
  });
}
