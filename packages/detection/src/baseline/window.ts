import { z } from "zod";
import type { RecordView } from "../record/record-view.ts";
import type { Measure } from "./measure.ts";

const MAX_DISTINCT = 256; // names of one window; more count as that many
const MAX_VALUES = 65; // of one window's calls, for their median; of more the first so many count

/** What has been measured of a group since a window of time began. */
export const windowState = z.object({
  /** ms since the epoch */
  start: z.number(),
  calls: z.number(),
  /** The sum; for other measures unused. */
  sum: z.number(),
  /** Hashes of the names, or the calls' values in ascending order. */
  seen: z.array(z.number()),
  /** What is learned of the window in place of its value, because that was too much (or too little); else null. */
  teaches: z.number().nullable(),
});
export type Window = z.infer<typeof windowState>;

export function newWindow(start: number): Window {
  return { start, calls: 0, sum: 0, seen: [], teaches: null };
}

/** Takes up a call. @returns whether it can have changed the value */
export function measureInto(window: Window, measure: Measure, view: RecordView): boolean {
  if (measure.kind === "median") {
    const value = measure.value(view);
    if (value === undefined || window.seen.length >= MAX_VALUES) return false;
    let at = window.seen.length;
    while (at > 0 && (window.seen[at - 1] ?? 0) > value) at -= 1;
    window.seen.splice(at, 0, value);
    window.calls += 1;
    return true;
  }
  window.calls += 1;
  if (measure.kind === "sum") {
    const amount = measure.amount(view);
    window.sum += amount;
    return amount > 0;
  }
  const before = window.seen.length;
  for (const hash of measure.hashes(view)) {
    if (window.seen.length < MAX_DISTINCT && !window.seen.includes(hash)) window.seen.push(hash);
  }
  return window.seen.length > before;
}

export function valueOfWindow({ sum, seen }: Window, kind: Measure["kind"]): number {
  if (kind === "sum") return sum;
  return kind === "distinct" ? seen.length : (seen[(seen.length - 1) >> 1] ?? 0);
}
