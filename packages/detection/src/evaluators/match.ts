import { z } from "zod";
import type { Rule } from "../rule/rule.ts";
import { type Evaluator, isDue } from "./evaluator.ts";
import { evidenceOf } from "./evidence.ts";

const DEFAULT_QUIET_MS = 10 * 60_000;
const stateSchema = z.null();

/** A Sigma rule without correlation: one record is enough. */
export function matchEvaluator(rule: Rule): Evaluator<null> {
  const quietMs = rule.definition.tripline.quiet ?? DEFAULT_QUIET_MS;
  return {
    state: stateSchema,
    windowMs: quietMs,
    quietMs,
    concerns: (view) => isDue(view, rule.selection) && rule.selection.matches(view),
    fresh: () => null,
    judge: (_state, view) => ({ level: rule.definition.level, evidence: () => [evidenceOf(view, "match")] }),
  };
}
