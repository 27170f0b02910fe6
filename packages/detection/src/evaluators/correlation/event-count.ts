import type { Severity } from "@tripline/events";
import { z } from "zod";
import type { RecordView } from "../../record/record-view.ts";
import { type Evidence, evidenceOf } from "../evidence.ts";
import { spanText } from "../span-text.ts";
import { type Bounds, countedUpTo, within } from "./bounds.ts";
import { type CorrelationKind, dropOld, insertByTime, windowsOf } from "./correlation-kind.ts";

const MAX_SHOWN = 10; // records named in the alert: the last ones
const shownEvent = z.object({
  t: z.number(),
  id: z.string(),
  server: z.string().optional(),
  tool: z.string().optional(),
});
type Shown = z.infer<typeof shownEvent>;
const stateSchema = z.object({ times: z.array(z.number()), last: z.array(shownEvent) });

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
  return {
    state: stateSchema,
    windowMs,
    fresh: () => ({ times: [], last: [] }),
    judge({ times, last }, view) {
      insertByTime(times, view.time);
      insertByTime(last, shownOf(view));
      if (last.length > MAX_SHOWN) last.shift();
      dropOld(times, windowMs);
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

function shownOf(view: RecordView): Shown {
  const { id, target } = view.record.envelope;
  return {
    t: view.time,
    id,
    ...(target?.server === undefined ? {} : { server: target.server }),
    ...(target?.tool === undefined ? {} : { tool: target.tool }),
  };
}

function shownIn(
  last: readonly Shown[],
  from: number,
  to: number,
  count: number,
  view: RecordView,
): Evidence[] {
  const inWindow = last.filter(({ t }) => t >= from && t <= to);
  return inWindow.map((each, index) => {
    if (each.id === view.record.envelope.id) return evidenceOf(view, "event");
    return {
      record_id: each.id,
      step: "event",
      time: new Date(each.t).toISOString(),
      ...(each.server === undefined ? {} : { server: each.server }),
      ...(each.tool === undefined ? {} : { tool: each.tool }),
      note: `call ${count - inWindow.length + index + 1} of ${count}`,
    };
  });
}
