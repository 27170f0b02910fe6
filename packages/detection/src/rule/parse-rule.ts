import { TriplineError } from "@tripline/events";
import { loadRuleSet, type RuleFile } from "./load-rules.ts";
import type { Rule } from "./rule.ts";
import { problemText } from "./rule-problem.ts";

/**
 * Reads the one rule of a file that raises alerts. @param file its name, for errors and the rule's own record
 * @throws TriplineError TRIPLINE_RULE_INVALID as `file:line: path: expected …, found …`
 */
export function parseRule(text: string, file: string): Rule {
  const rules = parseRules([{ file, text }]);
  const [rule, another] = rules;
  if (rule === undefined || another !== undefined)
    throw invalid(`${file}:1: the rule: expected one rule that raises alerts, found ${rules.length}`);
  return rule;
}

/** Reads the rules of several files, in the order of their names. The first problem is thrown: see `loadRuleSet`. */
export function parseRules(files: readonly RuleFile[]): Rule[] {
  const { rules, problems } = loadRuleSet(files);
  const [problem] = problems;
  if (problem !== undefined) throw invalid(problemText(problem));
  return [...rules];
}

function invalid(message: string): TriplineError {
  return new TriplineError("TRIPLINE_RULE_INVALID", message);
}
