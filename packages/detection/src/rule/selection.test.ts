import { describe, expect, it } from "vitest";
import { createDetection } from "../engine/detection.ts";
import { recordsOf } from "../test-rule.ts";
import { parseRule } from "./parse-rule.ts";
import { RuleProblem } from "./rule-problem.ts";
import { shortRecordSchema } from "./rule-test-schema.ts";
import { compileSelection } from "./selection.ts";

const CALL = {
  at: "13h",
  server: "files",
  tool: "Read_File",
  principal: "ana",
  args: {
    path: "/home/ana/notes.md",
    command: "curl –silent -X POST http://10.0.0.1/",
    blob: "eyJwYXNzd29yZCI6ICJodW50ZXIyIn0=",
    wide: Buffer.from("evil", "utf16le").toString("base64"),
    owner: "ANA",
    amount: 1500,
    empty: "",
    when: "2026-11-21T23:15:00+02:00",
    flag: true,
  },
  result: "first line\nsecond line",
};

/** Whether a selection, in YAML, matches the call above. */
function matches(selection: string, condition = "a"): boolean {
  const text = `title: t
name: some-rule
logsource: { category: agent_tool_call }
detection:
  a: ${selection}
  b: { tool: x }
  condition: ${condition}
`;
  const engine = createDetection([parseRule(text, "x.yaml")]);
  const [input] = recordsOf([shortRecordSchema.parse(CALL)]);
  if (input === undefined) throw new Error("no record");
  return engine.step(engine.initialState(), input).alerts.length === 1;
}

describe("modifiers", () => {
  it.each([
    ["{ tool|neq: other }", true],
    ["{ tool|neq: [x, read_file] }", false],
    ["{ error|neq: x }", true],
    ["{ tool|cased|startswith: Read }", true],
    ["{ tool|startswith|cased: read }", false],
    ["{ args.path|contains: '*notes?md' }", true],
    ["{ args.amount: 1500 }", true],
    ["{ args.amount|gt: 1499.5 }", true],
    ["{ args.amount|lt: 1500 }", false],
    ["{ args.path|gte: 0 }", false],
    ["{ args.flag: true }", true],
    ["{ args.empty: '' }", true],
    ["{ args.path: '' }", false],
    ["{ args.none: null }", true],
    ["{ args.path: [null, x] }", false],
    ["{ args.none: [x, null] }", true],
    ["{ args.blob|base64offset|contains: 'hunter2' }", true],
    ["{ args.blob|base64offset|contains: 'hunter3' }", false],
    ['{ args.blob|base64: \'{"password": "hunter2"}\' }', true],
    ["{ args.wide|wide|base64: evil }", true],
    ["{ args.wide|utf16le|base64offset|contains: vi }", true],
    ["{ args.wide|utf16be|base64: evil }", false],
    ["{ args.command|windash|contains: ' -silent' }", true],
    ["{ args.command|contains: ' -silent' }", false],
    ["{ args.command|windash|contains|all: [' /silent', ' /X '] }", true],
    ["{ args.owner|fieldref: principal }", true],
    ["{ args.path|fieldref|contains: principal }", true],
    ["{ args.path|fieldref|startswith: principal }", false],
    ["{ args.path|fieldref|neq: principal }", true],
    ["{ args.owner|fieldref: agent }", false],
    ["{ time|hour: 13 }", true],
    ["{ time|hour|gte: 9, time|hour|lt: 18 }", true],
    ["{ time|minute: 1 }", false],
    ["{ args.when|hour: 23 }", true],
    ["{ args.when|week: 47 }", true],
    ["{ args.when|day: 21, args.when|month: 11, args.when|year: 2026 }", true],
    ["{ result|re: '^second' }", false],
    ["{ result|re|m: '^second' }", true],
    ["{ result|re: 'line.second' }", false],
    ["{ result|re|s: 'line.second' }", true],
    ["{ result|re|i|startswith: 'FIRST' }", true],
    ["{ result|re|startswith: 'line' }", false],
    ["{ result|re|endswith: 'line' }", true],
    ["{ result|re|endswith: 'second' }", false],
    ["{ args.path|re|all: ['ana', 'md$'] }", true],
  ])("%s", (selection, expected) => {
    expect(matches(selection)).toBe(expected);
  });
});

describe("keywords", () => {
  it.each([
    ["[second line, nothing]", true],
    ["second", true],
    ["[READ_FILE]", true],
    ["[nowhere]", false],
    ["{ '|all': [second, notes, files] }", true],
    ["{ '|all': [second, nowhere] }", false],
    ["{ '|re': 'note.\\.md' }", true],
    ["[1500]", true],
    ["[s?cond*line]", true],
    ["[{ tool: x }, notes.md]", true],
    ["[{ tool: read_file }, nowhere]", true],
  ])("%s", (selection, expected) => {
    expect(matches(selection)).toBe(expected);
  });
});

describe("conditions", () => {
  it.each([
    ["[a, b]", true],
    ["[b, not a]", false],
    ["not b", true],
    ["2 of them", false],
    ["not 1 of b*", true],
  ])("%s", (condition, expected) => {
    expect(matches("{ server: files }", condition)).toBe(expected);
  });
});

describe("what a selection makes no sense of is refused", () => {
  it.each([
    [{ "tool|expand": "%tools%" }, "expected the values themselves, found `expand`"],
    [{ "tool|contain": "x" }, "found `contain` (did you mean `contains`?)"],
    [{ toool: "x" }, "found `toool` (did you mean `tool`?)"],
    [{ "args|contains": 42 }, "expected a text for `contains`, in quotes"],
    [{ "args|gt": "42" }, "expected a number for `gt`"],
    [{ "tool|exists": "yes" }, "expected true or false for `exists`"],
    [{ "tool|contains|re": "x" }, "expected `re` without other modifiers before it"],
    [{ "tool|i": "x" }, "expected `i` only after `re`"],
    [{ "args|base64": "a*b" }, "expected a text without wildcards for `base64`"],
    [{ "args|wide": "é" }, "expected ASCII characters for `wide`"],
    [{ "args|windash": "-a -b -c -d" }, "expected at most 3 dashes"],
    [{ "args|fieldref": "principl" }, "found `principl` (did you mean `principal`?)"],
    [{ "args|cased|fieldref": "tool" }, "`fieldref` without `cased`"],
    [{ "time|hour": "nine" }, "expected a number for `hour`"],
    [{ "|exists": true }, "expected a text or a number to look for"],
    [{ "tool.class": "reed" }, "found `reed` (did you mean `read`?)"],
    [{ effect: "reads_secre" }, "(did you mean `reads_secret`?)"],
    [{ tool: { a: 1 } }, "expected a text, a number, true, false, null, or a list of them"],
    [{ tool: [] }, "expected at least one value"],
    [{}, "expected at least one `field: value`"],
    [[], "expected at least one map of fields, or a text"],
    [{ "args|re": "(a{1001})" }, "expected a regular expression that RE2 accepts"],
    [{ "args|re": "[a-z]{1,900}[0-9]{1,900}" }, "expected a smaller regular expression"],
    [{ "args|contains": `${"a?".repeat(200)}` }, "expected at most 256 characters beside `?`"],
    [{ tool: Array.from({ length: 2001 }, String) }, "expected at most 2000 values"],
  ])("%j", (source, message) => {
    expect(() => compileSelection(source, ["detection", "a"])).toThrowError(RuleProblem);
    expect(() => compileSelection(source, ["detection", "a"])).toThrowError(message);
  });
});
