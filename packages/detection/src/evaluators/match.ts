import { z } from "zod";
import type { Evaluation, RuleContext } from "../rule/evaluation.ts";
import { requiredCondition } from "../rule/required-condition.ts";
import type { Selection } from "../rule/selection.ts";
import { type Evaluator, isDue } from "./evaluator.ts";
import { evidenceOf } from "./evidence.ts";

const DEFAULT_QUIET_MS = 10 * 60_000;
const DEFAULT_GROUP = ["credential"];
const stateSchema = z.null();

/** A Sigma rule without correlation: one record is enough. */
export function matchEvaluation(context: RuleContext): Evaluation {
  const selection = requiredCondition(context);
  return {
    selection,
    groupBy: context.groupBy ?? DEFAULT_GROUP,
    fields: [],
    names: [],
    alsoLoose: false,
    readsPayload: false,
    evaluator: () => matchEvaluator(context, selection),
  };
}

function matchEvaluator(
  { level, quietMs = DEFAULT_QUIET_MS }: RuleContext,
  selection: Selection,
): Evaluator<null> {
  return {
    state: stateSchema,
    windowMs: quietMs,
    quietMs,
    concerns: (view) => isDue(view, selection) && selection.matches(view),
    fresh: () => null,
    isEmpty: () => true,
    judge: (_state, view) => ({ level, evidence: () => [evidenceOf(view, "match")] }),
  };
}
