import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createDetection } from "../engine/detection.ts";
import { recordsOf } from "../test-rule.ts";
import { durationMs } from "./duration.ts";
import { parseRule, parseRules } from "./parse-rule.ts";
import { shortRecordSchema } from "./rule-test-schema.ts";

function ruleText(detection: string): string {
  return `title: t
name: some-rule
level: low
logsource: { category: agent_tool_call }
detection:
${detection.replace(/^/gm, "  ")}
tripline:
  summary: "{tool} was called"
  why: w
  next: [n]
  response: { revocable: false }
`;
}

describe("a mistake is named with file, line and what was expected", () => {
  it.each([
    ["a: {tool: x}\ncondition: a and", "x.yaml:7: detection.condition: expected one of the selections"],
    [
      "a: {tool: x}\ncondition: 2 of a*",
      "detection.condition: expected a number between 1 and 1 before `of`, found `2`",
    ],
    ["a: {tool: x}\ncondition: a;b", "found `;b`"],
    ["a: {tol: x}\ncondition: a", "x.yaml:6: detection.a.tol: expected a field such as tool"],
    ["a: {tool|has: x}\ncondition: a", "expected a modifier of all, neq, re"],
    ["a: {tool|re: '('}\ncondition: a", "expected a regular expression that RE2 accepts"],
    ["a: {effect: reads_secrets}\ncondition: a", "expected one of reads_private"],
    ["a: {tool|cidr: 10.0.0.0}\ncondition: a", "expected a network"],
    ["a: [[x]]\ncondition: a", "detection.a.0: expected a map or a text, found a list"],
  ])("%s", (detection, message) => {
    expect(() => parseRule(ruleText(detection), "x.yaml")).toThrowError(
      expect.objectContaining({ code: "TRIPLINE_RULE_INVALID", message: expect.stringContaining(message) }),
    );
  });

  it.each([
    [
      "level: low",
      "level: grave",
      "x.yaml:3: level: expected one of informational, low, medium, high, critical, found `grave`",
    ],
    [
      "  why: w",
      "  wy: w",
      "x.yaml:10: tripline.wy: expected a key of rules, found `wy` (did you mean `why`?)",
    ],
    ["  why: w", "  why: w\n  sequence: { steps: [], within: soon }", "x.yaml:11: tripline.sequence.steps: "],
    ["{tool}", "{toll}", "x.yaml:9: tripline.summary: expected a field"],
    ["title: t", "title: t\ntitle: u", "x.yaml:2: the rule: expected YAML: Map keys must be unique"],
  ])("%s -> %s", (from, to, message) => {
    const text = ruleText("a: {tool: x}\ncondition: a").replace(from, to);
    expect(() => parseRule(text, "x.yaml")).toThrowError(message);
  });

  it("two rules with one id", () => {
    const text = ruleText("a: {tool: x}\ncondition: a");
    const files = [
      { file: "a.yaml", text },
      { file: "b.yaml", text },
    ];
    expect(() => parseRules(files)).toThrowError("b.yaml:2: name: expected a name of its own");
  });

  it("never breaks on any text", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.jsonValue().map((value) => JSON.stringify(value)),
        ),
        (text) => {
          expect(() => parseRule(text, "x.yaml")).toThrowError(
            expect.objectContaining({ code: "TRIPLINE_RULE_INVALID" }),
          );
        },
      ),
    );
  });
});

describe("a detection matches as in Sigma", () => {
  const call = {
    server: "files",
    tool: "Read_File",
    args: { path: "/home/ana/notes.md", options: { depth: 3 }, hosts: ["10.1.2.3", "fd00::1"] },
    result: "two\nlines",
  };

  it.each([
    ["a: {tool: read_file}", "a", true],
    ["a: {tool|cased: read_file}", "a", false],
    ["a: {tool: [x, read_*]}", "a", true],
    ["a: {tool: 'r?ad_file'}", "a", true],
    ["a: {tool: 'read\\_file', server: files}", "a", false],
    ["a: {args|contains: notes}", "a", true],
    ["a: {args|contains|all: [notes, ana]}", "a", true],
    ["a: {args.path|contains|all: [notes, ben]}", "a", false],
    ["a: {args.path|startswith: /home, args.path|endswith: .md}", "a", true],
    ["a: {args.options: 3}", "a", true],
    ["a: {args.options.depth|gte: 3}", "a", true],
    ["a: {args.hosts|cidr: 10.0.0.0/8}", "a", true],
    ["a: {args.hosts|cidr: 192.168.0.0/16}", "a", false],
    ["a: {args.hosts|cidr: 'fd00::/8'}", "a", true],
    ["a: {result|re: '(?m)^lines$'}", "a", true],
    ["a: {tool|re: '^read'}", "a", false],
    ["a: {tool|re|i: '^read'}", "a", true],
    ["a: {error: null}", "a", true],
    ["a: {error|exists: false, result|exists: true}", "a", true],
    ["a: [{tool: x}, {server: files}]", "a", true],
    ["a: {effect: reads_private}", "a", true],
    ["a: {tool.class: read}", "a", true],
    ["a1: {tool: x}\na2: {server: files}", "1 of a*", true],
    ["a1: {tool: x}\na2: {server: files}", "all of a*", false],
    ["a1: {tool: x}\nb: {server: files}", "1 of them", true],
    ["a: {tool: x}\nb: {server: files}", "not a and b", true],
    ["a: {tool: x}\nb: {server: files}", "not (a or b)", false],
    ["a: {tool: x}\nb: {server: files}\nc: {server: files}", "a and b or c", true],
    ["a: {tool: x}\nb: {server: files}\nc: {server: files}", "a and (b or c)", false],
  ])("%s | %s -> %s", (detection, condition, expected) => {
    const engine = createDetection([parseRule(ruleText(`${detection}\ncondition: ${condition}`), "x.yaml")]);
    const [input] = recordsOf([shortRecordSchema.parse(call)]);
    if (input === undefined) throw new Error("no record");
    expect(engine.step(engine.initialState(), input).alerts.length === 1).toBe(expected);
  });
});

it("time spans have a unit", () => {
  expect(["500ms", "30s", "5m", "1h", "7d", "5", "1w", "-1s"].map(durationMs)).toEqual([
    500,
    30_000,
    300_000,
    3_600_000,
    604_800_000,
    null,
    null,
    null,
  ]);
});
