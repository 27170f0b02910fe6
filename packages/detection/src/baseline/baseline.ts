import { z } from "zod";
import { addValue, countOf, emptySketch, mergedSketch, quantile, type Sketch } from "./sketch.ts";

/** What is usual of one measure of one group, for each hour of the week in which it was active. */
export interface Baseline {
  /** ms since the epoch: the first window. */
  since: number;
  /** By hour of the week: 0 is Monday 00:00. Only hours with a window in them. */
  hours: Map<number, Sketch>;
}

const count = z.number().int().min(0);
export const baselineState = z.object({
  since: z.number(),
  hours: z.array(z.tuple([count, count, z.array(z.number())])),
});

/** A baseline as `restoredBaseline` reads it back. */
export function savedBaseline({ since, hours }: Baseline): z.infer<typeof baselineState> {
  return { since, hours: [...hours].map(([hour, { zeros, bins }]) => [hour, zeros, bins]) };
}

export function restoredBaseline({ since, hours }: z.infer<typeof baselineState>): Baseline {
  return { since, hours: new Map(hours.map(([hour, zeros, bins]) => [hour, { zeros, bins }])) };
}

const HOUR_MS = 3_600_000;
const HOURS_A_DAY = 24;
const HOURS_A_WEEK = 168;
const EPOCH_HOUR = 3 * HOURS_A_DAY; // 1970-01-01 was a Thursday
// So many windows must be known of an hour of the week, or an hour of the day, before they are judged for themselves:
// the second largest of 20 is their 95th percentile. All hours together need more, for they differ more.
const MIN_WINDOWS_OF_HOUR = 20;
const MIN_WINDOWS_OF_ALL = 50;

/** @param time ms since the epoch @param offsetMs of the local time from UTC */
export function hourOfWeek(time: number, offsetMs = 0): number {
  const hours = Math.floor((time + offsetMs) / HOUR_MS) + EPOCH_HOUR;
  return ((hours % HOURS_A_WEEK) + HOURS_A_WEEK) % HOURS_A_WEEK;
}

/** Takes up the value of a window that is over. */
export function learn(baseline: Baseline, hour: number, value: number): void {
  let sketch = baseline.hours.get(hour);
  if (sketch === undefined) {
    sketch = emptySketch();
    baseline.hours.set(hour, sketch);
  }
  addValue(sketch, value);
}

/** Takes up what is known from elsewhere, hour by hour, where that is more. Taken up twice it is the same. */
export function takeUp(baseline: Baseline, other: Baseline): void {
  baseline.since = Math.min(baseline.since, other.since);
  for (const [hour, { zeros, bins }] of other.hours) {
    const own = baseline.hours.get(hour);
    if (own === undefined || countOf(own) < countOf({ zeros, bins }))
      baseline.hours.set(hour, { zeros, bins: [...bins] });
  }
}

/** What is usual, and of which windows that is known. */
export interface Usual {
  sketch: Sketch;
  /** For people: `Saturdays 20:00-21:00 UTC`, `20:00-21:00 UTC`, `any hour`. */
  when: string;
  windows: number;
}

/**
 * What is usual in an hour of the week; where too little is known of it, in that hour of any day; else in all hours.
 * Null where even those are too few. @param zone how the hours' time zone is called
 */
export function usualAt(baseline: Baseline, hour: number, zone: string): Usual | null {
  const own = baseline.hours.get(hour);
  const ofDay = hour % HOURS_A_DAY;
  const span = `${twoDigits(ofDay)}:00-${twoDigits(ofDay + 1)}:00 ${zone}`;
  const day = DAYS[Math.floor(hour / HOURS_A_DAY)] ?? "";
  if (own !== undefined && countOf(own) >= MIN_WINDOWS_OF_HOUR) return known(own, `${day}s ${span}`);
  const sameHour = [...baseline.hours].filter(([each]) => each % HOURS_A_DAY === ofDay);
  const daily = mergedSketch(sameHour.map(([, sketch]) => sketch));
  if (countOf(daily) >= MIN_WINDOWS_OF_HOUR) return known(daily, span);
  const all = mergedSketch([...baseline.hours.values()]);
  return countOf(all) >= MIN_WINDOWS_OF_ALL ? known(all, "any hour") : null;
}

const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const HIGH = 0.99;
const LOW = 0.05; // the 1st percentile of a few dozen windows is their smallest, and one odd window would set it

export function usuallyAtMost({ sketch }: Usual): number {
  return quantile(sketch, HIGH);
}

export function usuallyAtLeast({ sketch }: Usual): number {
  return quantile(sketch, LOW);
}

function known(sketch: Sketch, when: string): Usual {
  return { sketch, when, windows: countOf(sketch) };
}

function twoDigits(hour: number): string {
  return String(hour).padStart(2, "0");
}
