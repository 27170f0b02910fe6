import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createDetection, type DetectionInput } from "../engine/detection.ts";
import { parseRule } from "../rule/parse-rule.ts";
import type { Rule } from "../rule/rule.ts";
import { shortRecordSchema } from "../rule/rule-test-schema.ts";
import { copyState, wholeState } from "../state/snapshots.testing.ts";
import { StateTables } from "../state/state-tables.ts";
import { recordsOf } from "../test-rule.ts";

function newValue(settings: string): Rule {
  return parseRule(
    [
      "title: Something new",
      "name: something-new",
      "level: low",
      "logsource: { category: agent_tool_any }",
      "detection: { any: { server|exists: true }, condition: any }",
      "tripline:",
      '  summary: "{values}"',
      "  response: { revocable: false }",
      `  new_value: { group-by: [credential], ${settings} }`,
    ].join("\n"),
    "new.yaml",
  );
}

function records(...shorts: object[]): DetectionInput[] {
  return recordsOf(shorts.map((short) => shortRecordSchema.parse({ tool: "x", ...short })));
}

function found(rule: Rule, ...shorts: object[]): string[] {
  const detection = createDetection([rule], { incidents: null });
  const state = detection.initialState();
  return records(...shorts)
    .flatMap((input) => detection.step(state, input).alerts)
    .map(({ summary }) => summary);
}

describe("what is new", () => {
  it("may be a combination of fields, each of which is known", () => {
    const rule = newValue("fields: [server, tool], learning: 1h");
    const known = [
      { server: "a", tool: "x" },
      { server: "b", tool: "y" },
    ];
    expect(found(rule, ...known, { at: "2h", server: "a", tool: "y" })).toEqual(["a / y"]);
    expect(found(rule, ...known, { at: "2h", server: "b", tool: "y" })).toEqual([]);
  });

  it("is learned until the time is over and enough was seen", () => {
    const rule = newValue("field: server, learning: 1h, min_count: 3");
    expect(found(rule, { server: "a" }, { at: "2h", server: "b" })).toEqual([]);
    expect(found(rule, { server: "a", repeat: 3 }, { at: "2h", server: "b" })).toEqual(["b"]);
    expect(found(rule, { server: "a", repeat: 3 }, { at: "59m", server: "b" })).toEqual([]);
  });

  it("is new again when its history is over, and not before", () => {
    const rule = newValue("field: server, learning: 1h, history: 10d");
    const a = { server: "a" };
    expect(found(rule, a, { at: "9d", ...a }, { at: "18d", ...a })).toEqual([]);
    expect(found(rule, a, { at: "11d", ...a }, { at: "12d", ...a })).toEqual(["a"]);
  });

  it("is one field or several", () => {
    expect(() => newValue("learning: 1h")).toThrow(/expected either `field` or `fields`/);
    expect(() => newValue("field: server, fields: [tool], learning: 1h")).toThrow(/expected either/);
    expect(() => newValue("fields: [servr], learning: 1h")).toThrow(/servr/);
  });
});

it("is forgotten beyond 2,000 values, the longest unseen first", () => {
  const rule = newValue("field: tool, learning: 1h");
  const listed = (from: number): object[] =>
    Array.from({ length: 4 }, (_, page) => ({
      tool: undefined,
      at: `${from + page}s`,
      listed: Array.from({ length: 500 }, (_each, index) => ({ name: `t${page * 500 + index}` })),
    }));
  expect(found(rule, ...listed(1), { at: "2h", tool: "t0" })).toEqual([]);
  expect(found(rule, ...listed(1), { tool: "one more" }, { at: "2h", tool: "t0" })).toEqual(["t0"]);
});

it("a restored state goes on as the one that was written", () => {
  const detection = createDetection([
    newValue("fields: [server, tool], learning: 1h, min_count: 2, history: 1d"),
  ]);
  const inputs = fc
    .array(
      fc.record({
        hours: fc.nat({ max: 9 }),
        server: fc.constantFrom("a", "b"),
        tool: fc.constantFrom("x", "y", "z"),
      }),
      { minLength: 10, maxLength: 60 },
    )
    .map((calls) => {
      let hour = 0;
      return records(
        ...calls.map(({ hours, ...call }) => {
          hour += hours;
          return { ...call, at: hour === 0 ? "0s" : `${hour}h` };
        }),
      );
    });
  let alerted = 0;
  fc.assert(
    fc.property(inputs, fc.nat({ max: 40 }), (all, cut) => {
      const state = detection.initialState();
      for (const input of all.slice(0, cut)) detection.step(state, input);
      const tables = new StateTables();
      const restored = detection.initialState(tables);
      copyState(state.tables, tables);
      for (const input of all.slice(cut)) {
        const { alerts } = detection.step(state, input);
        alerted += alerts.length;
        expect(detection.step(restored, input).alerts).toEqual(alerts);
      }
      const values = (tables: StateTables): unknown[] => wholeState(tables).map(({ value }) => value);
      expect(values(restored.tables)).toEqual(values(state.tables));
    }),
  );
  expect(alerted).toBeGreaterThan(10);
});
