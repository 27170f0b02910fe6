import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createDetection, type DetectionInput } from "../engine/detection.ts";
import { parseRule } from "../rule/parse-rule.ts";
import type { Rule } from "../rule/rule.ts";
import { shortRecordSchema } from "../rule/rule-test-schema.ts";
import { copyState } from "../state/snapshots.testing.ts";
import { StateTables } from "../state/state-tables.ts";
import { recordsOf } from "../test-rule.ts";

function budget(settings: string): Rule {
  return parseRule(
    [
      "title: Too much was used",
      "name: too-much",
      "level: high",
      "logsource: { category: agent_tool_call }",
      "detection: { call: { tool|exists: true }, condition: call }",
      "tripline:",
      '  summary: "{used} of {limit} {of} used in {period} ({share})"',
      "  response: { revocable: false }",
      `  budget: { group-by: [credential], ${settings} }`,
    ].join("\n"),
    "budget.yaml",
  );
}

function records(...shorts: object[]): DetectionInput[] {
  return recordsOf(shorts.map((short) => shortRecordSchema.parse({ tool: "x", ...short })));
}

function found(settings: string, ...shorts: object[]): string[] {
  const detection = createDetection([budget(settings)], { incidents: null });
  const state = detection.initialState();
  return records(...shorts)
    .flatMap((input) => detection.step(state, input).alerts)
    .map(({ severity, summary }) => `${severity}: ${summary}`);
}

const DAY = "of: cost_usd, limit: 10, period: day, warn_at: 80%";

describe("a day's budget", () => {
  it("is warned of once and found exceeded once", () => {
    expect(found(DAY, { cost_usd: 1, repeat: 30 })).toEqual([
      "informational: 9 of 10 USD used in this day (90 %)",
      "high: 11 of 10 USD used in this day (110 %)",
    ]);
  });

  it("begins anew at midnight, wherever midnight is", () => {
    const late = [
      { at: "23h", cost_usd: 7 },
      { at: "25h", cost_usd: 7 },
    ];
    expect(found(DAY, ...late)).toEqual([]);
    expect(found(`${DAY}, utc_offset: "-05:00"`, ...late)).toEqual([
      "high: 14 of 10 USD used in this day (140 %)",
    ]);
    const again = { cost_usd: 11 };
    expect(found(DAY, { at: "1h", ...again }, { at: "25h", ...again })).toHaveLength(2);
  });

  it("takes no notice of calls that cost nothing, nor of other keys", () => {
    expect(found(DAY, { repeat: 1000 }, { cost_usd: 9.5, credential: "local:b" }, { cost_usd: 0.6 })).toEqual(
      ["informational: 9.5 of 10 USD used in this day (95 %)"],
    );
  });
});

it("the last hour moves on with time", () => {
  const hour = "of: calls, limit: 10, period: 1h";
  expect(found(hour, { repeat: 11, every: "6m" })).toEqual([]);
  expect(found(hour, { repeat: 11, every: "5m" })).toEqual([
    "high: 11 of 10 calls used in the last 1 h (110 %)",
  ]);
  expect(found(hour, { repeat: 11 }, { at: "2h", repeat: 11 })).toHaveLength(2);
  expect(found(hour, { repeat: 11 }, { at: "50m", repeat: 5 }, { at: "70m", repeat: 6 })).toHaveLength(2);
});

it("says what is wrong with a rule", () => {
  expect(() => budget("of: cost_usd, limit: 10, period: week")).toThrow(/budget.period/);
  expect(() => budget(DAY.replace("80%", "80"))).toThrow(/budget.warn_at/);
  expect(() => budget(`${DAY}, utc_offset: "+25:00"`)).toThrow(/expected an offset/);
});

it("a restored state goes on as the one that was written", () => {
  const detection = createDetection([budget("of: cost_usd, limit: 20, period: 1h, warn_at: 50%")], {
    incidents: null,
  });
  const inputs = fc
    .array(fc.record({ minute: fc.nat({ max: 9 }), cost_usd: fc.nat({ max: 9 }) }), {
      minLength: 20,
      maxLength: 80,
    })
    .map((spent) => {
      let minute = 0;
      return records(
        ...spent.map(({ minute: after, cost_usd }) => {
          minute += after;
          return { at: minute === 0 ? "0s" : `${minute}m`, cost_usd };
        }),
      );
    });
  let alerted = 0;
  fc.assert(
    fc.property(inputs, fc.nat({ max: 60 }), (all, cut) => {
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
    }),
  );
  expect(alerted).toBeGreaterThan(20);
});
