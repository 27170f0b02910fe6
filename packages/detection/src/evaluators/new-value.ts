import { z } from "zod";
import { type FieldValue, fieldReader } from "../record/fields.ts";
import type { RecordView } from "../record/record-view.ts";
import { duration, MAX_DURATION_MS } from "../rule/duration.ts";
import type { Compile, RuleContext } from "../rule/evaluation.ts";
import { checkField, groupBySchema } from "../rule/field-names.ts";
import { requiredCondition } from "../rule/required-condition.ts";
import { RuleProblem } from "../rule/rule-problem.ts";
import type { Selection } from "../rule/selection.ts";
import { fnv1a } from "../text/hashing.ts";
import { plain } from "../text/plain.ts";
import { type Evaluator, isDue } from "./evaluator.ts";
import { evidenceOf } from "./evidence.ts";

const MAX_VALUES = 2000; // remembered for each group; the longest unseen goes, and would be new again
const MAX_COMBINATIONS = 64; // of one record whose fields have several values each
const MAX_SHOWN_VALUES = 10;
const DEFAULT_HISTORY_MS = MAX_DURATION_MS;
const SEEN_STEPS = 32; // when a value was seen is kept to a thirty-second of the history: not each call changes state
const BETWEEN = " / "; // of several fields' values, as people see them

/** `since`: the group's first record; `count`: how many it had, as far as they matter; `seen`: hash and time of each value. */
const stateSchema = z
  .object({ since: z.number(), count: z.number(), seen: z.array(z.tuple([z.number(), z.number()])) })
  .transform(({ since, count, seen }): State => ({ since, count, seen: new Map(seen) }));
interface State {
  since: number;
  count: number;
  seen: Map<number, number>;
}

const specSchema = z.strictObject({
  field: z.string().optional(),
  fields: z
    .array(z.string())
    .min(1)
    .max(4)
    .optional()
    .describe("several fields: what is new is their combination"),
  "group-by": groupBySchema,
  learning: duration.describe("values of the first so-long of a group are learned without an alert"),
  min_count: z.int().min(1).max(100_000).default(1).describe("and those of its first so many records"),
  history: duration
    .default(DEFAULT_HISTORY_MS)
    .describe("a value that was not seen for so long is new again; default 90d"),
});
type Spec = z.infer<typeof specSchema>;

export const newValueKind = specSchema.transform(
  (spec): Compile =>
    (context) => {
      const selection = requiredCondition(context);
      const fields = fieldsOf(spec, context.path);
      const read = oncePerView(combinationsOf(fields));
      return {
        selection,
        groupBy: spec["group-by"],
        fields,
        names: ["count", "values"],
        alsoLoose: false,
        readsPayload: false,
        once: (view) => (spec.min_count > 1 ? null : { key: JSON.stringify(read(view)), value: "" }),
        evaluator: () => newValueEvaluator(context, selection, read, spec),
      };
    },
);

function fieldsOf({ field, fields }: Spec, path: readonly PropertyKey[]): readonly string[] {
  if ((field === undefined) === (fields === undefined))
    throw new RuleProblem(path, "expected either `field` or `fields`");
  const named = fields ?? (field === undefined ? [] : [field]);
  for (const each of named) checkField(each, [...path, fields === undefined ? "field" : "fields"]);
  return named;
}

/** A value that the group has not had in its history. What its first time and its first records have is learned in silence. */
function newValueEvaluator(
  { level, quietMs = 0 }: RuleContext,
  selection: Selection,
  read: (view: RecordView) => readonly string[],
  spec: Spec,
): Evaluator<State> {
  const stepMs = Math.max(1, Math.floor(spec.history / SEEN_STEPS));
  return {
    state: stateSchema,
    save: ({ since, count, seen }) => ({ since, count, seen: [...seen] }),
    sharesRow: true,
    windowMs: MAX_DURATION_MS, // longer than the history: a group that wakes up is not a new one
    quietMs,
    concerns: (view) => isDue(view, selection) && selection.matches(view) && read(view).length > 0,
    fresh: (view) => ({ since: view.time, count: 0, seen: new Map() }),
    judge(state, view) {
      let fresh: string[] | null = null;
      for (const value of read(view)) {
        if (!notice(state.seen, fnv1a(value), view.time)) continue;
        fresh ??= [];
        fresh.push(value);
      }
      const learning = view.time - state.since < spec.learning || state.count < spec.min_count;
      if (state.count < spec.min_count) state.count += 1;
      if (fresh === null || learning) return null;
      const found = fresh;
      const shown = found
        .slice(0, MAX_SHOWN_VALUES)
        .map((each) => plain(each, 120))
        .join(", ");
      return {
        level,
        evidence: () => [evidenceOf(view, "new", `first seen: ${shown}`)],
        facts: () => ({ values: shown, count: String(found.length) }),
        identity: `new ${dayOf(view.time)} ${JSON.stringify(found.toSorted())}`,
      };
    },
  };

  /** Notes a value. @returns whether it is new */
  function notice(seen: Map<number, number>, hash: number, time: number): boolean {
    const last = seen.get(hash);
    if (last !== undefined && time - last < stepMs) return false;
    seen.delete(hash); // the map is in the order of use
    seen.set(hash, Math.max(time, last ?? time));
    const [oldest] = seen.keys();
    if (seen.size > MAX_VALUES && oldest !== undefined) seen.delete(oldest);
    return last === undefined || time - last > spec.history;
  }

  /** Which history it is new in: a value may be new again when its history is over. */
  function dayOf(time: number): number {
    return Math.floor(time / spec.history);
  }
}

/** Reads the values of several fields as one value each; of fields with several values all combinations. */
function combinationsOf(fields: readonly string[]): (view: RecordView) => readonly string[] {
  const readers = fields.map((field) => fieldReader(field));
  const [only, second] = readers;
  if (only !== undefined && readers.length === 1) return (view) => valuesOf(only(view));
  return (view) => {
    if (only !== undefined && second !== undefined && readers.length === 2) {
      const [a, b] = [only(view), second(view)];
      if (typeof a === "string" && typeof b === "string") return [a + BETWEEN + b];
    }
    let combined = [""];
    for (const [index, read] of readers.entries()) {
      const values = valuesOf(read(view));
      combined = combined
        .flatMap((begin) => values.map((value) => (index === 0 ? value : begin + BETWEEN + value)))
        .slice(0, MAX_COMBINATIONS);
    }
    return combined;
  };
}

/**
 * The same without reading twice: whether a record matters and what is new in it is asked one after the other. That it
 * was read is noted each time.
 */
function oncePerView(read: (view: RecordView) => readonly string[]): (view: RecordView) => readonly string[] {
  let latest: readonly string[] = [];
  let serial = 0; // of no view
  let reads = 0;
  return (view) => {
    if (view.serial !== serial) {
      const before = view.reads;
      view.reads = 0;
      latest = read(view);
      serial = view.serial;
      reads = view.reads;
      view.reads = before;
    }
    view.reads |= reads;
    return latest;
  };
}

function valuesOf(value: FieldValue): readonly string[] {
  if (value === undefined) return [];
  return typeof value === "object" ? value : [String(value)];
}
