import { TriplineError } from "@tripline/events";
import { loadRuleSet, type RuleFile } from "./load-rules.ts";
import type { Rule } from "./rule.ts";
import { problemText } from "./rule-problem.ts";

/**
 * Reads the one rule of a file that raises alerts. @param file its name, for errors and the rule's own record
 * @param others files that its correlations may refer to
 * @throws TriplineError TRIPLINE_RULE_INVALID as `file:line: path: expected …, found …`
 */
export function parseRule(text: string, file: string, others: readonly RuleFile[] = []): Rule {
  const alone = loadRuleSet([{ file, text }]);
  const loaded =
    alone.problems.length === 0 || others.length === 0
      ? alone
      : loadRuleSet([{ file, text }, ...others.filter((each) => each.file !== file)]);
  const problem = loaded.problems.find((each) => each.file === file);
  if (problem !== undefined) throw invalid(problemText(problem));
  const rules = loaded.rules.filter((each) => each.file === file);
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
