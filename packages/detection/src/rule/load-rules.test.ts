import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createDetection } from "../engine/detection.ts";
import { recordsOf } from "../test-rule.ts";
import { loadRuleSet } from "./load-rules.ts";
import { problemText } from "./rule-problem.ts";
import { shortRecordSchema } from "./rule-test-schema.ts";
import { correlationText, toolRule } from "./rule-text.testing.ts";

function plain(name: string, more = ""): string {
  return `title: ${name}
name: ${name}
logsource: { category: agent_tool_call }
detection: { call: { tool: x }, condition: call }
${more}`;
}

function correlation(name: string, rules: string, more = ""): string {
  return `title: ${name}
name: ${name}
correlation: { type: event_count, rules: ${rules}, group-by: [credential], timespan: 1m, condition: { gte: 2 }${more} }
`;
}

function load(...files: string[]): { rules: string[]; problems: string[] } {
  const { rules, problems } = loadRuleSet(
    files.map((text, index) => ({ file: `${String.fromCharCode(97 + index)}.yaml`, text })),
  );
  return { rules: rules.map(({ id }) => id), problems: problems.map(problemText) };
}

describe("which rules raise alerts", () => {
  it.each([
    [
      "a rule without a name goes by its id",
      [plain("one").replace("name: one", "id: 9ebc910c-88c6-4ee3-a3b4-8ed4267c7e9d")],
      ["9ebc910c-88c6-4ee3-a3b4-8ed4267c7e9d"],
    ],
    ["a base does not", [`${plain("one")}---\n${correlation("two", "one")}`], ["two"]],
    [
      "a base does where the correlation says so",
      [`${plain("one")}---\n${correlation("two", "one", ", generate: true")}`],
      ["one", "two"],
    ],
    ["a rule of another file does", [plain("one"), correlation("two", "one")], ["one", "two"]],
    [
      "an inner correlation does not",
      [`${plain("one")}---\n${correlation("two", "one")}---\n${correlation("three", "two")}`],
      ["three"],
    ],
    ["several rules in one file do", [`${plain("one")}---\n${plain("two")}---\n`], ["one", "two"]],
    [
      "two files may have a base of one name",
      [
        `${plain("base")}---\n${correlation("one", "base")}`,
        `${plain("base")}---\n${correlation("two", "base")}`,
      ],
      ["one", "two"],
    ],
  ])("%s", (_name, files, ids) => {
    expect(load(...files)).toEqual({ rules: ids.toSorted(), problems: [] });
  });
});

describe("what is broken is named and stops nothing else", () => {
  it.each([
    [
      "another file",
      [plain("one"), "title: [", plain("two")],
      ["one", "two"],
      "b.yaml:1: the rule: expected YAML: ",
    ],
    [
      "another document",
      [`${plain("one")}---\ntitle: broken\n`],
      ["one"],
      "a.yaml:6: logsource: expected a map, found nothing",
    ],
    ["nothing at all", ["# only a comment"], [], "a.yaml:1: the rule: expected a rule, found nothing"],
    ["no map", ["- a"], [], "a.yaml:1: the rule: expected a map such as `title: …`"],
    [
      "a name twice",
      [plain("one"), plain("one")],
      ["one"],
      "b.yaml:2: name: expected a name of its own, `one` is taken by a.yaml",
    ],
    [
      "no name",
      [plain("one").replace("name: one\n", "")],
      [],
      "a.yaml:1: the rule: expected a `name`: alerts call the rule by it",
    ],
    [
      "a filter",
      ["title: f\nfilter: { rules: any }\n"],
      [],
      "found a Sigma filter: write the exception into the rule's condition",
    ],
    [
      "an action",
      ["action: global\ntitle: f\n"],
      [],
      "a.yaml:1: action: expected a rule or a correlation, found an `action`",
    ],
    [
      "a misspelt reference",
      [plain("call_made"), correlation("two", "cal_made")],
      ["call_made"],
      "b.yaml:3: correlation.rules: expected the name or id of a rule without problems, found `cal_made` (did you mean `call_made`?)",
    ],
    [
      "an ambiguous reference",
      [plain("one"), correlation("two", "one"), plain("one")],
      ["one"],
      "`one` is in a.yaml and c.yaml",
    ],
    ["a circle", [`${correlation("one", "two")}---\n${correlation("two", "one")}`], [], "expected no circle"],
    ["itself", [correlation("one", "one")], [], "expected other rules than the correlation itself"],
    [
      "a broken base",
      [`${plain("one").replace("{ tool:", "{ toool:")}---\n${correlation("two", "one")}`],
      [],
      "correlation.rules: expected a rule without problems, `one` in a.yaml has some",
    ],
    [
      "a base of another kind",
      [
        `${plain("one", "tripline: { new_value: { field: tool, group-by: [server], learning: 1d } }")}\n---\n${correlation("two", "one")}`,
      ],
      [],
      "`one` is a rule with `tripline.new_value`",
    ],
    [
      "cases that could not be run",
      [
        `${plain("one", "tripline: { tests: [{ name: a, records: [{ tool: x }], alerts: [low] }] }")}\n---\n${correlation("two", "one")}`,
      ],
      ["two"],
      "a.yaml:5: tripline.tests: expected no cases: a correlation of this file names the rule",
    ],
    [
      "the old form",
      [plain("one", "correlation: { type: event_count, timespan: 1m }")],
      [],
      "a.yaml:4: detection: expected the detection in a document of its own",
    ],
    [
      "no lower bound",
      [plain("one"), correlation("two", "one").replace("gte", "lt")],
      ["one"],
      "expected `gt`, `gte` or `eq`",
    ],
    [
      "a field of an event_count",
      [plain("one"), correlation("two", "one").replace("gte: 2", "gte: 2, field: tool")],
      ["one"],
      "expected no field: event_count counts records",
    ],
    [
      "an unknown field",
      [plain("one"), correlation("two", "one").replace("credential", "credentail")],
      ["one"],
      "correlation.group-by: expected a field such as tool, server or credential, found `credentail` (did you mean `credential`?)",
    ],
    [
      "a misspelt type",
      [plain("one"), correlation("two", "one").replace("event_count", "event_cuont")],
      ["one"],
      "expected one of event_count, value_count, value_sum, value_avg, value_percentile, value_median, temporal, temporal_ordered, found `event_cuont` (did you mean `event_count`?)",
    ],
    [
      "a time span",
      [plain("one"), correlation("two", "one").replace("1m", "1y")],
      ["one"],
      "expected a time span such as 30s, 5m, 1h, 7d or 2w, at most 90d, found `1y`",
    ],
    [
      "tests",
      [plain("one", "tripline: { tests: [{ name: a, records: [], alerts: [] }] }")],
      [],
      "tripline.tests.0.records: expected a length of at least 1, found a list",
    ],
  ])("%s", (_name, files, ids, problem) => {
    const { rules, problems } = load(...files);
    expect(rules).toEqual(ids);
    expect(problems.join("\n")).toContain(problem);
  });

  it("all problems of a rule at once", () => {
    const { problems } = load(`title: t
name: many-problems
level: grave
logsource: { category: agent_tool_call }
detection: { a: { toool: x }, b: { 'tool|contain': x }, condition: a }
titel: t
`);
    expect(problems).toEqual([
      "a.yaml:6: titel: expected a key of rules, found `titel` (did you mean `title`?)",
      "a.yaml:3: level: expected one of informational, low, medium, high, critical, found `grave`",
    ]);
    expect(
      load(plain("one").replace("call: { tool: x }", "call: { toool: x }, b: { 'tool|contain': x }"))
        .problems,
    ).toHaveLength(2);
  });
});

describe("where a correlation is judged", () => {
  const stageOf = (rules: Record<string, string>, text: string): unknown => {
    const [rule] = loadRuleSet([
      { file: "a.yaml", text: correlationText({ rules, correlation: text }) },
    ]).rules;
    return [rule?.stage, rule?.evaluation.groupBy];
  };
  const rules = { one: toolRule("x"), two: toolRule("y") };
  it.each([
    ["by credential: over the events", "group-by: [credential, server]", [1, ["credential", "server"]]],
    ["by server: over facts of that server", "group-by: [server, tool]", [2, ["server", "tool"]]],
    [
      "by an alias: over facts of the tenant",
      "group-by: [who], aliases: { who: { one: credential, two: args.key } }",
      [2, ["tenant"]],
    ],
    [
      "by an alias and a server: over facts of that server",
      "group-by: [who, server], aliases: { who: { one: credential, two: args.key } }",
      [2, ["server"]],
    ],
    ["without groups: over facts of the tenant", "condition: { gte: 2 }", [2, ["tenant"]]],
  ])("%s", (_name, more, expected) => {
    expect(stageOf(rules, `{ type: temporal, rules: [one, two], timespan: 1m, ${more} }`)).toEqual(expected);
  });

  it("every base of a correlation is fed to the second stage, a call as one record", () => {
    const text = correlationText({
      rules: { begun: toolRule("x"), failed: "{ call: { tool: x, outcome: tool_error }, condition: call }" },
      correlation: "{ type: temporal, rules: [begun, failed], group-by: [server], timespan: 1m }",
    });
    const loaded = loadRuleSet([{ file: "a.yaml", text }]).rules;
    const first = createDetection([], { feeds: loaded });
    const second = createDetection(loaded, { secondStage: true });
    const [state, later] = [first.initialState(), second.initialState()];
    const inputs = recordsOf([shortRecordSchema.parse({ tool: "x", outcome: "tool_error", intent: true })]);
    const facts = inputs.flatMap((input) => first.step(state, input).facts);
    expect(facts.map(({ rules, group }) => [rules, group])).toEqual([[["rule-under-test"], "server=test"]]);
    const alerts = facts.flatMap(
      ({ record, rules }) =>
        second.step(later, { record, appendTime: Number.MAX_SAFE_INTEGER, rules }).alerts,
    );
    expect(alerts).toHaveLength(1);
  });
});

it("any text, any YAML and any mixture of rules' parts is rules or named problems", () => {
  const key = fc.constantFrom(
    "title",
    "name",
    "id",
    "level",
    "logsource",
    "detection",
    "correlation",
    "tripline",
    "tags",
    "condition",
    "rules",
    "type",
    "group-by",
    "timespan",
    "aliases",
    "sequence",
    "steps",
    "tool",
    "args|re",
    "a",
  );
  const scalar = fc.oneof(
    fc.string({ maxLength: 20 }),
    fc.constantFrom(
      "a",
      "event_count",
      "temporal",
      "temporal_ordered",
      "1m",
      "a and not a",
      "tool",
      "agent_tool_call",
      "low",
      "(",
      "*",
      "\\",
    ),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      scalar,
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(key, tie("value"), { maxKeys: 6 }),
    ),
  }));
  const nearRule = fc.tuple(value, value, value).map(([detection, more, tripline]) => ({
    title: "t",
    name: "some-rule",
    logsource: { category: "agent_tool_call" },
    detection: { a: detection, condition: "a" },
    tripline,
    ...(more === null || typeof more !== "object" || Array.isArray(more) ? {} : more),
  }));
  const nearCorrelation = fc.dictionary(key, value).map((parts) => ({
    title: "t",
    name: "some-correlation",
    correlation: { type: "temporal", rules: ["a", "b"], timespan: "1m", "group-by": ["tool"], ...parts },
  }));
  const text = fc.oneof(
    fc.string(),
    value.map((each) => JSON.stringify(each)),
    nearRule.map((each) => JSON.stringify(each)),
    fc
      .tuple(nearRule, nearCorrelation)
      .map((documents) => documents.map((each) => JSON.stringify(each)).join("\n---\n")),
    fc
      .array(
        fc.constantFrom(
          "a: ",
          "- ",
          "  ",
          "\n",
          "{",
          "}",
          "[",
          "]",
          "&a ",
          "*a ",
          "---\n",
          "'",
          '"',
          "|",
          ">",
          "#",
          "!!js ",
          "? ",
          "title: t\n",
        ),
        { maxLength: 40 },
      )
      .map((words) => words.join("")),
  );
  fc.assert(
    fc.property(text, (each) => {
      const { rules, problems } = loadRuleSet([{ file: "x.yaml", text: each }]);
      expect(rules.length + problems.length).toBeGreaterThan(0);
      for (const { line, message } of problems) {
        expect(line).toBeGreaterThan(0);
        expect(message).toMatch(/^expected /);
      }
    }),
    { numRuns: 3000 },
  );
});

it.each([
  ["lists in lists", `${"[".repeat(5000)}${"]".repeat(5000)}`],
  ["maps in maps", `${"{a: ".repeat(5000)}1${"}".repeat(5000)}`],
  [
    "blocks in blocks",
    Array.from({ length: 2000 }, (_, depth) => `${" ".repeat(depth)}a:`)
      .join("\n")
      .slice(0, 250_000),
  ],
  ["dashes in a row", "- ".repeat(20_000)],
  [
    "aliases of aliases",
    `a: &a [x, x]\n${"bcdefghij"
      .split("")
      .map((name, at) => `${name}: &${name} [*${"abcdefghi"[at]}, *${"abcdefghi"[at]}, *${"abcdefghi"[at]}]`)
      .join("\n")}`,
  ],
  ["a huge file", "a".repeat(300_000)],
])("a hostile file is a problem and not a crash: %s", (_name, text) => {
  expect(load(text).problems.length).toBeGreaterThan(0);
});
