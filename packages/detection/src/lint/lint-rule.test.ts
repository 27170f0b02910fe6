import { expect, it } from "vitest";
import { lintRule } from "./lint-rule.ts";

const GOOD = `title: Somebody prints
id: 0c2f0a0e-3f70-4d5d-9a56-0b6f6f0f4b11
name: somebody-prints
description: A tool that prints was used.
references: [https://example.org/paper]
tags: [owasp.asi02]
level: high
logsource: { category: agent_tool_call }
detection:
  print: { tool: print }
  condition: print
falsepositives: [A new printer.]
tripline:
  summary: "{tool}"
  why: Paper leaves the building.
  next: [Ask.]
  quiet: 1h
  response: { revocable: false }
  tests:
    - { name: prints, records: [{ tool: print }], alerts: [high] }
    - { name: scans, records: [{ tool: scan }], alerts: [] }
`;
const codes = (text: string): string[] => lintRule(text, "r.yaml").findings.map(({ code }) => code);

it("has nothing to say about a rule that has all", () => {
  expect(lintRule(GOOD, "r.yaml").findings).toEqual([]);
});

it("says file, line and what was expected of a rule that can't be read", () => {
  const { rule, findings } = lintRule(GOOD.replace("level: high", "level: grave"), "r.yaml");
  expect(rule).toBeNull();
  expect(findings).toEqual([
    expect.objectContaining({ file: "r.yaml", line: 7, level: "error", code: "invalid" }),
  ]);
  expect(findings[0]?.message).toMatch(/^level: /);
});

it.each([
  ["alerts: [high]", "alerts: [low]", ["case-fails"]],
  ["alerts: [high]", "alerts: []", ["case-fails", "no-positive-case"]],
  [
    "records: [{ tool: scan }], alerts: []",
    "records: [{ tool: print }], alerts: [high]",
    ["no-negative-case"],
  ],
  ["falsepositives: [A new printer.]\n", "", ["no-falsepositives"]],
  ["references: [https://example.org/paper]\n", "", ["no-references"]],
  ["tags: [owasp.asi02]", "tags: [team.print]", ["no-tags"]],
  ["  why: Paper leaves the building.\n", "", ["no-why"]],
  ["  next: [Ask.]\n", "", ["no-next"]],
  ['  summary: "{tool}"\n', "", ["no-summary"]],
  ["description: A tool that prints was used.\n", "", ["no-description"]],
  ["id: 0c2f0a0e-3f70-4d5d-9a56-0b6f6f0f4b11\n", "", ["no-id"]],
  ["  response: { revocable: false }\n", "", ["no-response"]],
  ["  quiet: 1h\n", "", ["no-quiet"]],
  ["  quiet: 1h\n", "  quiet: 1h\n  group-by: [server]\n", ["second-stage"]],
  ["  condition: print", "  scan: { tool: scan }\n  condition: print", ["unused-selection"]],
  ["print: { tool: print }", 'print: { "tool|re": print }', ["needless-regex"]],
])("in place of %j: %j gives %j", (from, to, expected) => {
  expect(GOOD).toContain(from);
  expect(codes(GOOD.replace(from, to))).toEqual(expected);
});

it("names the line of what it speaks of", () => {
  const unused = GOOD.replace("  condition: print", "  scan: { tool: scan }\n  condition: print");
  expect(lintRule(unused, "r.yaml").findings[0]?.line).toBe(11);
});

it("knows that steps use selections", () => {
  const sequence = GOOD.replace("  condition: print", "  scan: { tool: scan }").replace(
    "  quiet: 1h\n",
    "  sequence: { steps: [{ name: a, match: scan }, { name: b, match: print }], within: 1h }\n",
  );
  expect(codes(sequence)).toEqual(["case-fails"]);
});
