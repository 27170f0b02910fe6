import type { RuleContext } from "./evaluation.ts";
import { RuleProblem } from "./rule-problem.ts";
import type { Selection } from "./selection.ts";

/** The rule's condition, for kinds that cannot do without. @throws RuleProblem */
export function requiredCondition({ condition }: RuleContext): Selection {
  if (condition !== null) return condition;
  throw new RuleProblem(
    ["detection", "condition"],
    "expected a condition such as `selection and not filter`",
  );
}
