import { z } from "zod";
import { fieldReader } from "../record/fields.ts";
import { duration } from "../rule/duration.ts";
import type { Compile, RuleContext } from "../rule/evaluation.ts";
import { checkField, groupBySchema } from "../rule/field-names.ts";
import { requiredCondition } from "../rule/required-condition.ts";
import type { Selection } from "../rule/selection.ts";
import { fnv1a } from "../text/hashing.ts";
import { plain } from "../text/plain.ts";
import { type Evaluator, isDue } from "./evaluator.ts";
import { evidenceOf } from "./evidence.ts";

const MAX_VALUES = 2000; // remembered for each group; the oldest goes, and would be new again
const MAX_SHOWN_VALUES = 10;
const FORGOTTEN_AFTER_MS = 90 * 86_400_000; // a group unused for so long learns again
const stateSchema = z.object({ since: z.number(), seen: z.array(z.number()) });
type State = z.infer<typeof stateSchema>;

const specSchema = z.strictObject({
  field: z.string(),
  "group-by": groupBySchema,
  learning: duration.describe("values of the first so-long of a group are learned without an alert"),
});
type Spec = z.infer<typeof specSchema>;

export const newValueKind = specSchema.transform(
  (spec): Compile =>
    (context) => {
      const selection = requiredCondition(context);
      checkField(spec.field, [...context.path, "field"]);
      const read = fieldReader(spec.field);
      return {
        selection,
        groupBy: spec["group-by"],
        fields: [spec.field],
        names: ["count", "values"],
        alsoLoose: false,
        readsPayload: false,
        once: (view) => ({ key: JSON.stringify(read(view)), value: "" }),
        evaluator: () => newValueEvaluator(context, selection, spec),
      };
    },
);

/** A value that the group never had. For the group's first `learning` time values are learned in silence. */
function newValueEvaluator(
  { level, quietMs = 0 }: RuleContext,
  selection: Selection,
  spec: Spec,
): Evaluator<State> {
  const read = fieldReader(spec.field);
  return {
    state: stateSchema,
    windowMs: FORGOTTEN_AFTER_MS,
    quietMs,
    concerns: (view) => isDue(view, selection) && selection.matches(view) && read(view) !== undefined,
    fresh: (view) => ({ since: view.time, seen: [] }),
    judge(state, view) {
      const value = read(view);
      const values = typeof value === "object" ? value : value === undefined ? [] : [String(value)];
      const fresh: string[] = [];
      for (const each of values) {
        const hash = fnv1a(each);
        if (state.seen.includes(hash)) continue;
        state.seen.push(hash);
        fresh.push(each);
      }
      if (state.seen.length > MAX_VALUES) state.seen.splice(0, state.seen.length - MAX_VALUES);
      if (fresh.length === 0 || view.time - state.since < spec.learning) return null;
      const shown = fresh
        .slice(0, MAX_SHOWN_VALUES)
        .map((each) => plain(each, 80))
        .join(", ");
      return {
        level,
        evidence: () => [evidenceOf(view, "new", `first seen: ${shown}`)],
        facts: () => ({ values: shown, count: String(fresh.length) }),
        identity: `new ${JSON.stringify(fresh.toSorted())}`,
      };
    },
  };
}
