import type { Incident } from "@tripline/events";
import { BOUNDS, type Bounds } from "./bounds.ts";
import { type IncidentState, isClosed, type Step } from "./incident-state.ts";
import { forgetClosed } from "./room.ts";
import type { IncidentBook } from "./rows.ts";

/** A change of state that somebody, or the timer, made: to be put on record. */
export interface Transition {
  incident: Incident;
  kind: "acknowledged" | "resolved" | "false_positive" | "reopened" | "escalated";
  by: string;
  note: string | undefined;
}

/** What one record makes of the book; nothing of it has happened before `applyFold`. */
export interface Folded {
  /** Why nothing happened; null where something did. */
  skipped: string | null;
  versions: Incident[];
  transitions: Transition[];
  /** Open incidents that had to be closed for lack of room. */
  evicted: number;
  /** For `applyFold`. */
  writes: { mark: [string, string]; states: IncidentState[]; latest: [string, string] | null };
}

/** Makes what `foldTriage` said of the same book true. */
export function applyFold(book: IncidentBook, { writes }: Folded, bounds: Bounds = BOUNDS): void {
  book.seen.set(...writes.mark);
  for (const state of writes.states) {
    const { id } = state.incident;
    const [into, from] = isClosed(state) ? [book.closed, book.open] : [book.open, book.closed];
    from.delete(id);
    into.set(id, state);
  }
  if (writes.latest !== null) book.latest.set(...writes.latest);
  forgetClosed(book, bounds);
}

/** For those who fold. */
export function transition(
  { state }: Step,
  kind: Transition["kind"],
  by: string,
  note: string | undefined,
): Transition {
  return { incident: state.incident, kind, by, note };
}

export function writesOf({ state }: Step, mark: string, remembered = ""): Folded["writes"] {
  return { mark: [mark, remembered], states: [state], latest: null };
}

export function folded(step: Step, mark: string, remembered = ""): Folded {
  return {
    skipped: null,
    versions: step.version === null ? [] : [step.version],
    transitions: [],
    evicted: 0,
    writes: writesOf(step, mark, remembered),
  };
}

export function skipped(reason: string, mark: string, remembered = ""): Folded {
  return {
    skipped: reason,
    versions: [],
    transitions: [],
    evicted: 0,
    writes: { mark: [mark, remembered], states: [], latest: null },
  };
}
