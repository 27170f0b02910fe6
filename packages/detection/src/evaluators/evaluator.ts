import type { Envelope, Score, Severity } from "@tripline/events";
import type { z } from "zod";
import type { Baseline } from "../baseline/baseline.ts";
import type { RecordView } from "../record/record-view.ts";
import type { Selection } from "../rule/selection.ts";
import type { Evidence } from "./evidence.ts";

/** What an evaluator found: the alert without what every alert has. */
export interface Finding {
  level: Severity;
  /** Nothing links the calls: it shows what could happen and not that it did, so its alert never takes a key away. */
  exposure?: boolean;
  /** In the order it happened, the completing record last. Asked for at once or never: a quiet group needs none. */
  evidence(): Evidence[];
  /** Of rules that weigh several pieces of evidence: each with its points. */
  score?: Score;
  /** For the summary's template: `{count}`, `{values}` … */
  facts?(): Readonly<Record<string, string>>;
  /** In place of the completing record's id in the alert's id, where the same finding can be completed by several records. */
  identity?: string;
}

/** A window narrower than the rule's own, for groups that are looser than a session. */
export interface Scope {
  groupBy: readonly string[];
  maxWindowMs: number;
}

/** A finding that no record completes: something did not happen in time. */
export interface Expired {
  finding: Finding;
  /** Of the record that it did not happen after. */
  envelope: Envelope;
  /** When the time was over, ms since the epoch by the log's clock. */
  time: number;
}

/**
 * What only time can complete. Time is the log's (append time), so that all who read a partition agree on what came in
 * time, whoever shares the partition and whenever the next record comes.
 */
export interface Timers<S> {
  /** After `judge`: when the group must be looked at because of this record; null: not. Never earlier than told before. */
  dueOf(state: S, view: RecordView): number | null;
  /** What was due at `due` (or before), which is then forgotten; the gravest of it. Changes `state` in place. */
  expire(state: S, due: number): Expired | null;
}

/** Of rules that judge a group by its own past: what is usual of it, to be taken along and to begin with. */
export interface Past<S> {
  baselineOf(state: S): { baseline: Baseline; of: GroupIdentity };
  /** Takes up what is known from elsewhere, hour by hour, where that is more than the group knows of itself. */
  takeUp(state: S, baseline: Baseline): void;
}

/** The parts of an envelope that groups are made of. */
export type GroupIdentity = Pick<Envelope, "tenant" | "actor" | "session" | "target">;

/**
 * How one kind of rule judges. `S` is what it remembers of one group; `state` reads it back from JSON.
 * An evaluator holds no state of its own, so that one engine can serve any number of states.
 */
export interface Evaluator<S> {
  readonly state: z.ZodType<S>;
  /** The state as plain data, where it is not plain itself. */
  save?(state: S): unknown;
  /** A group that saw nothing for so long is forgotten. */
  readonly windowMs: number;
  /** After an alert, findings of the same severity or lower for the group are not repeated for so long. */
  readonly quietMs: number;
  /** Cheap and without state: whether the record can matter at all. */
  concerns(view: RecordView): boolean;
  fresh(view: RecordView): S;
  /** Whether there is nothing in a state worth keeping, as in a sequence that has not begun. Default: there always is. */
  isEmpty?(state: S): boolean;
  /** Whether the state is small and follows every call: rules that group alike then keep theirs together. */
  readonly sharesRow?: boolean;
  /** Changes `state` in place. */
  judge(state: S, view: RecordView): Finding | null;
  readonly timers?: Timers<S>;
  readonly past?: Past<S>;
}

const ASKS_FOR_REFUSED = ["outcome", "error_code", "decision"];

/**
 * Whether `selection` is to be judged on this record of a call: on its intent as soon as possible, unless it looks at
 * what only the end shows; once for each call. Calls that were refused, or whose end nobody saw, count only for rules
 * that ask how calls ended.
 */
export function isDue(view: RecordView, selection: Selection): boolean {
  if (view.isClosing && !(view.phase === "end" && selection.fields.has("outcome"))) return false;
  if (view.phase === "other") return true;
  if (view.phase === "begin") return !selection.atEnd;
  if (view.phase === "end" && !selection.atEnd) return false;
  return view.outcome !== "denied" || ASKS_FOR_REFUSED.some((field) => selection.fields.has(field));
}

/** Whether this record shows how the call ended. */
export function showsEnd(view: RecordView): boolean {
  return view.phase === "end" || view.phase === "whole";
}

/** Whether this record is the first of its call. */
export function showsBegin(view: RecordView): boolean {
  return view.phase === "begin" || view.phase === "whole";
}
