import { describe, expect, it } from "vitest";
import { parseRule } from "../rule/parse-rule.ts";
import { testRule } from "../test-rule.ts";

function check(parts: { detection: string; tripline?: string; tests: string }): void {
  const indent = (text: string, by: string): string => text.trim().replace(/^/gm, by);
  const rule = parseRule(
    `title: t
name: rule-under-test
level: medium
logsource: { category: agent_tool_call }
detection:
${indent(parts.detection, "  ")}
tripline:
  summary: s
  why: w
  next: [n]
  response: { revocable: false }
${indent(parts.tripline ?? "{}", "  ").replace("  {}", "")}
  tests:
${indent(parts.tests, "    ")}
`,
    "x.yaml",
  );
  for (const { name, found, expected } of testRule(rule)) expect([name, found]).toEqual([name, expected]);
}

describe("sequence", () => {
  const tests = `
- { name: in order, records: [{ tool: a }, { tool: b }, { tool: c }], alerts: [medium] }
- { name: with others between, records: [{ tool: a }, { tool: z }, { tool: b }, { tool: z }, { tool: c }], alerts: [medium] }
- { name: out of order, records: [{ tool: b }, { tool: a }, { tool: c }], alerts: [] }
- { name: a step is missing, records: [{ tool: a }, { tool: c }], alerts: [] }
- { name: a failed step is none, records: [{ tool: a }, { tool: b, outcome: tool_error }, { tool: c }], alerts: [] }
- { name: the last may fail, records: [{ tool: a }, { tool: b }, { tool: c, outcome: tool_error }], alerts: [medium] }
- { name: refused, records: [{ tool: a }, { tool: b }, { tool: c, outcome: denied }], alerts: [] }
- { name: too late for the first beginning but not the second, records: [{ tool: a }, { at: 50s, tool: a }, { tool: b }, { at: 80s, tool: c }], alerts: [medium] }
- { name: too late, records: [{ tool: a }, { tool: b }, { at: 80s, tool: c }], alerts: [] }`;

  it("finds its steps in order within the time", () => {
    check({
      detection: "a: { tool: a }\nb: { tool: b }\nc: { tool: c }",
      tripline: `sequence:
  steps: [{ name: a, match: a }, { name: b, match: b }, { name: c, match: c }]
  within: 1m`,
      tests,
    });
  });

  it("is bounded, and a beginning with a secret outlives those without", () => {
    check({
      detection: "read: { tool: read_file }\nsend: { tool: send_email }",
      tripline: `sequence:
  steps: [{ name: read, match: read }, { name: send, match: send }]
  within: 1h
  max_partials: 3
  link: { from: read, to: send, value: low, secret: critical }`,
      tests: `
- name: flooded
  records:
    - { tool: read_file, result: "⟨secret:k1.0123456789abcdef⟩" }
    - { tool: read_file, result: nothing, repeat: 50 }
    - { tool: send_email, args: { body: "⟨secret:k1.0123456789abcdef⟩" } }
  alerts: [critical]`,
    });
  });
});

describe("match", () => {
  it("is quiet for a while, unless it gets graver", () => {
    check({
      detection: "call: { tool: x }\ncondition: call",
      tripline: "quiet: 1m\ngroup-by: [session]",
      tests: `
- { name: once, records: [{ tool: x, repeat: 30 }], alerts: [medium] }
- { name: again, records: [{ tool: x }, { at: 2m, tool: x }], alerts: [medium, medium] }
- { name: another session, records: [{ tool: x }, { tool: x, session: s2 }], alerts: [medium, medium] }`,
    });
  });

  it("is not quiet about a verified caller because somebody else claimed the credential", () => {
    check({
      detection: "call: { tool: x }\ncondition: call",
      tripline: "quiet: 1m\ngroup-by: [session]",
      tests: `
- name: claimed, then verified
  records: [{ tool: x, assurance: asserted, repeat: 3 }, { tool: x, assurance: verified, repeat: 3 }]
  alerts: [medium, medium]
- name: verified, then claimed
  records: [{ tool: x, assurance: verified, repeat: 3 }, { tool: x, assurance: asserted, repeat: 3 }]
  alerts: [medium]`,
    });
  });
});
