import { parseRule } from "../rule/parse-rule.ts";
import type { Rule } from "../rule/rule.ts";

/** Tells every score of the judge above 0 at once, whatever the shipped rule's grades are: what a curve needs. */
const TEXT = `
title: The judge's score
id: 6c1a4f0e-52f5-4a36-9d0f-2a3ce40f3a11
name: judge-score
level: informational
logsource: { category: agent_tool_call }
detection: { act: { method: tools/call }, condition: act }
tripline:
  summary: "{score}"
  why: For figures.
  next: [Nothing.]
  response: { revocable: false }
  quiet: 1ms
  judge: { within: 1d, grades: { informational: 0.5 } }
`;

export function scoringRule(): Rule {
  return parseRule(TEXT, "judge-score");
}
