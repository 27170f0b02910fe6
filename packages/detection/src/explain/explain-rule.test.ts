import { expect, it } from "vitest";
import { parseRule } from "../rule/parse-rule.ts";
import { shortRecordSchema } from "../rule/rule-test-schema.ts";
import { recordsOf } from "../test-rule.ts";
import { explainRule } from "./explain-rule.ts";
import type { ExplainedCondition } from "./explanation.ts";

const head = (name: string): string => `title: ${name}
name: ${name}
level: high
logsource: { category: agent_tool_call }
`;
const MATCH = `${head("print")}detection:
  print: { tool: [print, print_page], "args.copies|gt": 10 }
  office: [{ server: office }, { environment: test }]
  condition: print and not office
tripline: { quiet: 1h }
`;
const SEQUENCE = `${head("off-then-delete")}detection:
  off: { tool: switch_off }
  delete: { tool: delete_file }
tripline:
  sequence:
    steps: [{ name: off, match: off }, { name: delete, match: delete }]
    within: 1h
`;
const inputs = (...shorts: unknown[]) => recordsOf(shorts.map((short) => shortRecordSchema.parse(short)));
const explain = (text: string, ...shorts: unknown[]) =>
  explainRule(parseRule(text, "r.yaml"), text, inputs(...shorts), () => true);

it("shows each test with what was wanted and what was found, and which part of the condition fails", () => {
  const [explained] = explain(MATCH, { tool: "print", server: "office", args: { copies: 12 } });
  const [condition] = explained?.conditions ?? [];
  expect(explained?.verdict).toBe("its condition does not hold");
  expect(condition).toMatchObject({ label: "condition: print and not office", holds: false });
  const [print, not] = condition?.terms ?? [];
  expect(print).toMatchObject({ label: "print", holds: true });
  expect(print?.terms[0]?.tests).toEqual([
    { field: "tool", wanted: '["print","print_page"]', found: ["print"], more: 0, holds: true },
    { field: "args.copies|gt", wanted: "10", found: ["12"], more: 0, holds: true },
  ]);
  expect(not).toMatchObject({ label: "not", holds: false });
  const office = not?.terms[0]?.terms[0] as ExplainedCondition;
  expect(office.terms.map(({ label, holds }) => [label, holds])).toEqual([
    ["office[0]", true],
    ["office[1]", false],
  ]);
  expect(office.terms[1]?.tests[0]?.found).toBeNull();
});

it("cuts what was captured, and takes control characters out of it", () => {
  const tool = `print\u001b[31m${"x".repeat(5000)}`;
  const [explained] = explain(MATCH, { tool });
  const found = explained?.conditions[0]?.terms[0]?.terms[0]?.tests[0]?.found?.[0] ?? "";
  expect(found.length).toBeLessThan(200);
  expect(found).not.toContain("\u001b");
});

it("tells an alert, and then that its group is quiet", () => {
  const call = { tool: "print", args: { copies: 12 } };
  const [first, second] = explain(MATCH, call, call);
  expect(first?.verdict).toBe("it raised a high alert");
  expect(first?.groups).toEqual([{ by: ["credential"], label: "credential=local:test", missing: [] }]);
  expect(second).toMatchObject({ alerts: [], quieted: true });
});

it("says why a record is not judged: its type, its part of the call", () => {
  const asksEnd = MATCH.replace("server: office", "outcome: ok");
  const [intent, end] = explain(asksEnd, { tool: "print", intent: true, args: { copies: 12 } });
  expect(intent?.notAsked).toContain("only the call's end shows");
  expect(end?.notAsked).toBeNull();
  const [begin, over] = explain(MATCH, { tool: "print", intent: true, args: { copies: 12 } });
  expect(begin?.alerts).toHaveLength(1);
  expect(over?.notAsked).toContain("was judged at the call's intent");
  const [listing] = explain(MATCH, { listed: [{ name: "print" }] });
  expect(listing?.notAsked).toContain("this is a tools.listed");
});

it("shows what a sequence remembers before and after, and what it waits for", () => {
  const [off, other, gone] = explain(
    SEQUENCE,
    { tool: "switch_off", server: "log" },
    { tool: "list" },
    { tool: "delete_file", server: "disk" },
  );
  expect(off?.before).toEqual([
    "no beginning is remembered",
    "over credential and principal: no beginning is remembered",
  ]);
  expect(off?.after[0]).toMatch(/^beginning 1: off at .* \(log\/switch_off\)$/);
  expect(off?.verdict).toBe("it counts, and is not enough for an alert");
  expect(other?.verdict).toBe("its condition does not hold");
  expect(gone?.conditions.map(({ label, holds }) => [label, holds])).toEqual([
    ["off: off", false],
    ["delete: delete", true],
  ]);
  expect(gone?.alerts[0]?.evidence.map(({ step }) => step)).toEqual(["off", "delete"]);
});

it("explains a step that matches without a beginning", () => {
  const [gone] = explain(SEQUENCE, { tool: "delete_file" });
  expect(gone?.alerts).toEqual([]);
  expect(gone?.after).toContain("no beginning is remembered");
});

it("finds the last step before its call runs, whatever the condition that Sigma demands needs for the others", () => {
  const text = SEQUENCE.replace(
    "  off: { tool: switch_off }\n",
    "  off: { tool: switch_off, outcome: ok }\n  condition: 1 of them\n",
  );
  const [, intent] = explain(text, { tool: "switch_off" }, { tool: "delete_file", intent: true });
  expect(intent?.phase).toBe("begin");
  expect(intent?.alerts).toHaveLength(1);
});
