import { z } from "zod";
import { fieldReader } from "../record/fields.ts";
import type { Evaluation, RuleContext } from "../rule/evaluation.ts";
import { checkField } from "../rule/field-names.ts";
import { requiredCondition } from "../rule/required-condition.ts";
import type { Correlation } from "../rule/rule-file.ts";
import type { Selection } from "../rule/selection.ts";
import { plain } from "../text/plain.ts";
import { type Evaluator, isDue, type Scope } from "./evaluator.ts";
import { insertByTime, seconds } from "./event-count.ts";
import { evidenceOf, evidenceState } from "./evidence.ts";

const MAX_VALUE_CHARS = 120; // two longer values with the same beginning count as one
const MAX_SHOWN_VALUES = 10;
const MAX_OTHERS = 99; // with the completing one, what an alert may hold
const stateSchema = z.object({
  seen: z.array(z.object({ t: z.number(), value: z.string(), evidence: evidenceState })),
});
type State = z.infer<typeof stateSchema>;
type Spec = Extract<Correlation, { type: "value_count" }>;

/** Sigma's value_count: `gte` different values of a field in a group within `timespan`. Keeps `gte` values at most. */
export function valueCountEvaluation(context: RuleContext, correlation: Spec): Evaluation {
  const selection = requiredCondition(context);
  checkField(correlation.condition.field, [...context.path, "condition", "field"]);
  return {
    selection,
    groupBy: correlation["group-by"],
    fields: [correlation.condition.field],
    names: ["count", "window", "values"],
    alsoLoose: false,
    readsPayload: false,
    evaluator: (scope) => valueCountEvaluator(context, selection, correlation, scope),
  };
}

function valueCountEvaluator(
  { level, quietMs }: RuleContext,
  selection: Selection,
  correlation: Spec,
  scope: Scope,
): Evaluator<State> {
  const windowMs = Math.min(correlation.timespan, scope.maxWindowMs);
  const { gte, field } = correlation.condition;
  const read = fieldReader(field);
  return {
    state: stateSchema,
    windowMs,
    quietMs: quietMs ?? windowMs,
    concerns: (view) => isDue(view, selection) && selection.matches(view) && read(view) !== undefined,
    fresh: () => ({ seen: [] }),
    judge(state, view) {
      const found = read(view);
      const values = typeof found === "object" ? found : found === undefined ? [] : [String(found)];
      for (const each of values) {
        const value = plain(each, MAX_VALUE_CHARS);
        const known = state.seen.findIndex((entry) => entry.value === value);
        if (known >= 0) {
          if ((state.seen[known]?.t ?? 0) >= view.time) continue;
          state.seen.splice(known, 1);
        }
        insertByTime(state.seen, { t: view.time, value, evidence: evidenceOf(view, "value") });
        if (state.seen.length > gte) state.seen.shift();
      }
      const oldest = (state.seen.at(-1)?.t ?? 0) - windowMs;
      while ((state.seen[0]?.t ?? oldest) < oldest) state.seen.shift();
      if (state.seen.length < gte) return null;
      return {
        level,
        evidence() {
          const completing = evidenceOf(view, "value");
          const others = state.seen.map(({ evidence }) => evidence);
          return [
            ...others.filter(({ record_id }) => record_id !== completing.record_id).slice(-MAX_OTHERS),
            completing,
          ];
        },
        facts: () => ({
          count: String(state.seen.length),
          window: seconds(windowMs),
          values: state.seen
            .slice(0, MAX_SHOWN_VALUES)
            .map(({ value }) => value)
            .join(", "),
        }),
      };
    },
  };
}
