import { describe, expect, it } from "vitest";
import { createDetection } from "../../engine/detection.ts";
import { parseRule } from "../../rule/parse-rule.ts";
import { shortRecordSchema } from "../../rule/rule-test-schema.ts";
import { correlationText, toolRule } from "../../rule/rule-text.testing.ts";
import { recordsOf } from "../../test-rule.ts";

/** Severities of the alerts that the records raise. */
function found(text: string, records: readonly unknown[]): string[] {
  const detection = createDetection([parseRule(text, "x.yaml")], { incidents: null });
  const state = detection.initialState();
  return recordsOf(records.map((record) => shortRecordSchema.parse(record))).flatMap((input) =>
    detection
      .step(state, input)
      .alerts.map(({ severity, summary }) => (summary === "t" ? severity : summary)),
  );
}

const M = "medium";
const x = (more: object = {}): object => ({ tool: "x", ...more });

function count(correlation: string, detection = toolRule("x")): string {
  return correlationText({ rules: { base: detection }, correlation: `{ rules: base, ${correlation} }` });
}

describe("event_count", () => {
  const three = count(
    "type: event_count, group-by: [credential, session], timespan: 10s, condition: { gte: 3 }",
  );
  const failed = count(
    "type: event_count, group-by: credential, timespan: 10s, condition: { gte: 2 }",
    "{ call: { outcome: [tool_error, denied] }, condition: call }",
  );
  const between = count(
    "type: event_count, group-by: credential, timespan: 1m, condition: { gt: 2, lte: 4 }",
  );
  it.each([
    ["three", three, [x({ repeat: 3 })], [M]],
    ["with intents", three, [x({ repeat: 2, intent: true })], []],
    ["two sessions", three, [x({ repeat: 2 }), x({ session: "s2", repeat: 2 })], []],
    ["again after the window", three, [x({ repeat: 3 }), x({ at: "1m", repeat: 3 })], [M, M]],
    ["no session", three, [x({ session: null, repeat: 9 })], []],
    ["exactly the window apart", three, [x(), x({ at: "5s" }), x({ at: "10s" })], [M]],
    [
      "a little more than the window apart",
      three,
      [x({ at: "0s" }), x({ at: "5s" }), x({ at: "10001ms" })],
      [],
    ],
    ["failures", failed, [x({ outcome: "tool_error", intent: true, repeat: 2 })], [M]],
    ["refusals", failed, [x({ outcome: "denied", repeat: 2 })], [M]],
    ["successes", failed, [x({ repeat: 9 })], []],
    ["a range", between, [x({ repeat: 3 })], [M]],
    [
      "all records of a tenant",
      count("type: event_count, timespan: 1m, condition: { eq: 2 }"),
      [x({ credential: "local:a" }), x({ credential: "local:b" })],
      [M],
    ],
  ])("%s", (_name, text, records, alerts) => {
    expect(found(text, records)).toEqual(alerts);
  });

  it("counts records of several rules, each once", () => {
    const text = correlationText({
      rules: { one: toolRule("x"), two: toolRule("[x, y]") },
      correlation:
        "{ type: event_count, rules: [one, two], group-by: [credential], timespan: 10s, condition: { gte: 3 } }",
    });
    expect(found(text, [x({ repeat: 2 })])).toEqual([]);
    expect(found(text, [x(), { tool: "y" }, x()])).toEqual([M]);
  });
});

describe("value_count", () => {
  const servers = count(
    "type: value_count, group-by: [credential], timespan: 1m, condition: { field: server, gte: 3 }",
  );
  const pairs = count(
    "type: value_count, group-by: [credential], timespan: 1m, condition: { field: [server, args.path], gt: 2 }",
  );
  it.each([
    ["three servers", servers, ["a", "b", "a", "c"].map((server) => x({ server })), [M]],
    ["two servers", servers, [x({ server: "a", repeat: 5 }), x({ server: "b", repeat: 5 })], []],
    [
      "too slow",
      servers,
      [x({ server: "a" }), x({ at: "50s", server: "b" }), x({ at: "65s", server: "c" })],
      [],
    ],
    [
      "pairs",
      pairs,
      [
        ["a", "p"],
        ["a", "q"],
        ["b", "p"],
      ].map(([server, path]) => x({ server, args: { path } })),
      [M],
    ],
    [
      "the same pairs",
      pairs,
      [
        ["a", "p"],
        ["a", "q"],
        ["a", "p"],
      ].map(([server, path]) => x({ server, args: { path } })),
      [],
    ],
  ])("%s", (_name, text, records, alerts) => {
    expect(found(text, records)).toEqual(alerts);
  });
});

describe("sums, means and percentiles", () => {
  const of = (type: string, condition: string): string =>
    correlationText({
      rules: { base: toolRule("x") },
      correlation: `{ type: ${type}, rules: base, group-by: [credential], timespan: 1m, condition: { field: args.amount, ${condition} } }`,
      tripline: '{ summary: "{value} of {count} in {window}" }',
    });
  const amounts = (...values: unknown[]): object[] => values.map((amount) => x({ args: { amount } }));
  it.each([
    ["a sum", of("value_sum", "gt: 100"), amounts(50, 50, 1), ["101 of 3 in 1 min"]],
    [
      "a sum of texts that are numbers",
      of("value_sum", "gte: 3"),
      amounts("1", "x", "2.5"),
      ["3.5 of 2 in 1 min"],
    ],
    ["not enough", of("value_sum", "gt: 100"), amounts(50, 50), []],
    ["a mean below", of("value_avg", "lt: 2"), amounts(5, 1, -3), ["1 of 3 in 1 min"]],
    ["a mean above", of("value_avg", "gt: 4"), amounts(1, 2, 3), []],
    [
      "a percentile",
      of("value_percentile", "percentile: 90, gte: 10"),
      amounts(...Array.from({ length: 9 }, () => 1), 10, 11),
      ["10 of 11 in 1 min"],
    ],
    ["a median", of("value_median", "eq: 2"), amounts(3, 4, 1, 2), ["2 of 4 in 1 min"]],
    [
      "a sum that is too old",
      of("value_sum", "gte: 3"),
      [x({ args: { amount: 2 } }), x({ at: "2m", args: { amount: 2 } })],
      [],
    ],
  ])("%s", (_name, text, records, alerts) => {
    expect(found(text, records)).toEqual(alerts);
  });

  it("a sum leaves nothing out, however many records there are", () => {
    const records = [
      x({ args: { amount: 1 }, repeat: 1000, every: "1ms" }),
      x({ args: { amount: 1 }, repeat: 1000, every: "1ms" }),
    ];
    expect(found(of("value_sum", "eq: 2000"), records)).toEqual(["2000 of 2000 in 1 min"]);
  });
});

describe("temporal and temporal_ordered", () => {
  const rules = { one: toolRule("a"), two: toolRule("b"), three: toolRule("[c, b]") };
  const text = (correlation: string): string =>
    correlationText({ rules, correlation: `{ group-by: [credential], timespan: 10s, ${correlation} }` });
  const calls = (...tools: string[]): object[] => tools.map((tool) => ({ tool }));
  const any = text("type: temporal, rules: [one, two, three]");
  const ordered = text("type: temporal_ordered, rules: [one, two, three]");
  it.each([
    ["any order", any, calls("c", "b", "a"), [M]],
    ["one missing", any, calls("a", "c"), []],
    ["one record can be of two rules", any, calls("b", "a"), [M]],
    ["too slow", any, [{ tool: "b" }, { at: "11500ms", tool: "a" }], []],
    [
      "other credentials",
      any,
      [
        { tool: "b", credential: "local:a" },
        { tool: "a", credential: "local:b" },
      ],
      [],
    ],
    ["in order", ordered, calls("a", "b", "c"), [M]],
    ["one record is one step", ordered, calls("a", "b"), []],
    ["twice the same", ordered, calls("a", "b", "b"), [M]],
    ["out of order", ordered, calls("c", "b", "a"), []],
    ["in order among others", ordered, calls("c", "a", "c", "b", "a", "c"), [M]],
    [
      "two of three",
      text("type: temporal, rules: [one, two, three], condition: { gte: 2 }"),
      calls("a", "c"),
      [M],
    ],
    ["a condition", text("type: temporal, condition: one and (two or three)"), calls("c", "a"), [M]],
    [
      "a condition with not",
      text("type: temporal, rules: [one, two, three], condition: one and three and not two"),
      calls("a", "c"),
      [M],
    ],
    [
      "a condition with not, not met",
      text("type: temporal, condition: one and three and not two"),
      calls("b", "a", "c"),
      [],
    ],
    [
      "an ordered condition",
      text("type: temporal_ordered, rules: [one, three, two], condition: one and three and not two"),
      calls("a", "c"),
      [M],
    ],
    [
      "an ordered condition, the other way",
      text("type: temporal_ordered, rules: [one, three, two], condition: one and three and not two"),
      calls("c", "a"),
      [],
    ],
  ])("%s", (_name, rule, records, alerts) => {
    expect(found(rule, records)).toEqual(alerts);
  });

  it("a late record takes its place in the order", () => {
    const late = [
      { at: "3s", tool: "b" },
      { at: "5s", tool: "c" },
      { at: "1s", tool: "a" },
    ];
    expect(found(ordered, late)).toEqual([M]);
    expect(
      found(ordered, [
        { at: "3s", tool: "a" },
        { at: "5s", tool: "c" },
        { at: "1s", tool: "b" },
      ]),
    ).toEqual([]);
  });

  it("names its steps in the evidence", () => {
    const detection = createDetection([parseRule(ordered, "x.yaml")]);
    const state = detection.initialState();
    const alerts = recordsOf(calls("a", "b", "c").map((call) => shortRecordSchema.parse(call))).flatMap(
      (input) => detection.step(state, input).alerts,
    );
    expect(alerts[0]?.evidence.map(({ step }) => step)).toEqual(["one", "two", "three"]);
  });
});

describe("aliases and correlations of correlations", () => {
  it("groups by fields that are called otherwise in each rule", () => {
    const text = correlationText({
      rules: { given: toolRule("invite"), used: toolRule("pay") },
      correlation: `{ type: temporal_ordered, rules: [given, used], group-by: [who], timespan: 1h,
        aliases: { who: { given: args.user, used: principal } } }`,
    });
    expect(
      found(text, [
        { tool: "invite", args: { user: "eve" } },
        { tool: "pay", principal: "eve" },
      ]),
    ).toEqual([M]);
    expect(
      found(text, [
        { tool: "invite", args: { user: "eve" } },
        { tool: "pay", principal: "ana" },
      ]),
    ).toEqual([]);
  });

  const nested = `title: failed
name: failed
logsource: { category: agent_tool_call }
detection: { call: { outcome: tool_error }, condition: call }
---
title: worked
name: worked
logsource: { category: agent_tool_call }
detection: { call: { outcome: ok }, condition: call }
---
title: many
name: many_failed
correlation: { type: event_count, rules: [failed], group-by: [credential, server], timespan: 1m, condition: { gte: 3 } }
---
title: t
name: rule-under-test
level: high
correlation: { type: temporal_ordered, rules: [many_failed, worked], group-by: [credential], timespan: 5m }
`;
  it.each([
    ["many, then one that works", [x({ outcome: "tool_error", repeat: 3 }), x()], ["high"]],
    [
      "many on several servers",
      ["a", "b", "c"].map((server) => x({ outcome: "tool_error", server })).concat([x()]),
      [],
    ],
    ["works elsewhere", [x({ outcome: "tool_error", repeat: 3 }), x({ server: "other" })], ["high"]],
    ["works too late", [x({ outcome: "tool_error", repeat: 3 }), x({ at: "10m" })], []],
    [
      "fails on until shortly before",
      [x({ outcome: "tool_error", repeat: 30, every: "15s" }), x()],
      ["high"],
    ],
  ])("%s", (_name, records, alerts) => {
    expect(found(nested, records)).toEqual(alerts);
  });
});
