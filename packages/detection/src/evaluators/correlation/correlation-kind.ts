import type { z } from "zod";
import type { RecordView } from "../../record/record-view.ts";
import type { Finding } from "../evaluator.ts";

/** Which of a correlation's rules a record is a match of, by their place in `rules`. */
export type Hits = readonly number[];

/** How one type of correlation judges a group; `S` is what it remembers of it. */
export interface CorrelationKind<S> {
  readonly state: z.ZodType<S>;
  readonly windowMs: number;
  fresh(): S;
  /** As of `Evaluator`. */
  readonly sharesRow?: boolean;
  /** Changes `state` in place. @param forget counts what is dropped for lack of room while it still matters */
  judge(state: S, view: RecordView, hits: Hits, forget: (what: string) => void): Finding | null;
}

const LATENESS_MS = 10 * 60_000;

/**
 * How much later than the newest record of its group one may come and still count where it belongs: producers deliver in
 * order, but one that was cut off for a while catches up.
 */
export function latenessMs(windowMs: number): number {
  return Math.min(windowMs, LATENESS_MS);
}

/** Something that happened at `t`, or the time alone (ms since the epoch). */
export type Timed = number | { readonly t: number };

function timeOf(entry: Timed | undefined): number {
  if (entry === undefined) return 0;
  return typeof entry === "number" ? entry : entry.t;
}

/** From the end, because nearly all records come in order. */
export function insertByTime<T extends Timed>(entries: T[], entry: T): void {
  const time = timeOf(entry);
  let at = entries.length;
  while (at > 0 && timeOf(entries[at - 1]) > time) at -= 1;
  if (at === entries.length) entries.push(entry);
  else entries.splice(at, 0, entry);
}

/** Drops what no window of a record that may still come can hold. */
export function dropOld(entries: Timed[], windowMs: number): void {
  const gone = firstSince(entries, timeOf(entries.at(-1)) - windowMs - latenessMs(windowMs));
  if (gone > 0) entries.splice(0, gone);
}

/** The entries `from` up to, not with, `to`. */
export interface Window {
  readonly end: number;
  readonly from: number;
  readonly to: number;
}

/**
 * The windows that a record at `time` is part of, each up to and with the record that ends it: the record itself, and
 * those that happened later and came before it.
 */
export function windowsOf(entries: readonly Timed[], time: number, windowMs: number): Window[] {
  const windows: Window[] = [];
  let to = entries.length;
  while (to > 0 && timeOf(entries[to - 1]) >= time) {
    const end = timeOf(entries[to - 1]);
    if (end <= time + windowMs) windows.unshift({ end, from: firstSince(entries, end - windowMs), to });
    while (to > 0 && timeOf(entries[to - 1]) === end) to -= 1;
  }
  return windows;
}

/** The place of the first entry at or after `time`. */
function firstSince(entries: readonly Timed[], time: number): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (timeOf(entries[middle]) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
