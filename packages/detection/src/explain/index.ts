/** Why a rule found something, or did not. Pure. */
export { explainRule } from "./explain-rule.ts";
export type { ExplainedCondition, ExplainedGroup, ExplainedTest, Explanation } from "./explanation.ts";
