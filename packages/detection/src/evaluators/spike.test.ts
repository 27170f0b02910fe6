import type { Alert } from "@tripline/events";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createDetection, type DetectionInput } from "../engine/detection.ts";
import { parseRule } from "../rule/parse-rule.ts";
import type { Rule } from "../rule/rule.ts";
import { shortRecordSchema } from "../rule/rule-test-schema.ts";
import { copyState, wholeState } from "../state/snapshots.testing.ts";
import { StateTables } from "../state/state-tables.ts";
import { recordsOf } from "../test-rule.ts";

const MINUTE_MS = 60_000;

function spike(settings: string): Rule {
  return parseRule(
    [
      "title: Much more than usual",
      "name: much-more",
      "level: medium",
      "logsource: { category: agent_tool_call }",
      "detection: { call: { tool|exists: true }, condition: call }",
      "tripline:",
      '  summary: "{count} {of} in {window}, usually at most {usual} ({when})"',
      "  response: { revocable: false }",
      `  spike: { group-by: [credential], minimum: 1, learning: 1h, ${settings} }`,
    ].join("\n"),
    "spike.yaml",
  );
}

function run(rule: Rule, inputs: readonly DetectionInput[]): Alert[] {
  const detection = createDetection([rule], { incidents: null });
  const state = detection.initialState();
  return inputs.flatMap((input) => detection.step(state, input).alerts);
}

/** So many calls in each of so many minutes. */
function minutes(count: number, calls: number, from = 0, extra: object = {}): object[] {
  return Array.from({ length: count }, (_, minute) => ({
    at: from + minute === 0 ? "0s" : `${(from + minute) * MINUTE_MS}ms`,
    tool: "get_row",
    repeat: calls,
    every: "100ms",
    ...extra,
  }));
}

function records(...shorts: object[][]): DetectionInput[] {
  return recordsOf(shorts.flat().map((short) => shortRecordSchema.parse(short)));
}

describe("calls", () => {
  const rule = spike("of: calls");

  it("are found once in the window in which they are far above what is usual, with what that is", () => {
    const alerts = run(rule, records(minutes(70, 3), minutes(1, 42, 70), minutes(5, 3, 71)));
    expect(alerts.map(({ summary }) => summary)).toEqual(["10 calls in 1 min, usually at most 3 (any hour)"]);
  });

  it("are not judged while the group is young, or has too few windows", () => {
    expect(run(rule, records(minutes(40, 3), minutes(1, 200, 40)))).toEqual([]);
    expect(run(rule, records(minutes(10, 3), minutes(1, 200, 200)))).toEqual([]);
  });

  it("do not teach that an attack is usual", () => {
    const attacks = Array.from({ length: 20 }, (_, index) => minutes(1, 60, 80 + 2 * index)).flat();
    const alerts = run(rule, records(minutes(70, 3), attacks, minutes(1, 60, 190)));
    expect(alerts.length).toBeGreaterThan(1); // found again after the quiet hour
  });

  it("that come late count in the window that is open, those that come far too late not at all", () => {
    const usual = minutes(70, 3);
    const open = minutes(1, 9, 71);
    const late = minutes(1, 5, 70);
    const found = (shorts: object[][]): number =>
      run(
        rule,
        records(...shorts).map((input) => ({ ...input, appendTime: Number.MAX_SAFE_INTEGER })),
      ).length;
    expect(found([usual, open])).toBe(0);
    expect(found([usual, open, late])).toBe(1);
    expect(found([usual, open, minutes(1, 5, 69)])).toBe(0);
  });
});

describe("other measures", () => {
  it("failed calls: minutes without any are usual", () => {
    const failing = { outcome: "tool_error" };
    const errors = spike("of: errors");
    expect(run(errors, records(minutes(70, 3), minutes(1, 1, 70, failing)))).toHaveLength(1);
    expect(run(errors, records(minutes(70, 3, 0, failing), minutes(1, 3, 70, failing)))).toEqual([]);
    expect(run(errors, records(minutes(70, 3), minutes(1, 9, 70, { outcome: "denied" })))).toEqual([]);
  });

  it("refused calls", () => {
    const refused = records(minutes(70, 3), minutes(1, 9, 70, { outcome: "denied" }));
    expect(run(spike("of: rejections"), refused)).toHaveLength(1);
  });

  it("different destinations, each counted once", () => {
    const rule = spike("of: destinations");
    const mail = (to: string): object => ({ tool: "send_email", args: { to } });
    const usual = minutes(70, 3, 0, mail("ana@acme.example"));
    const many = Array.from({ length: 9 }, (_, index) => mail(`p${index}@acme.example`));
    expect(run(rule, records(usual, [{ at: "70m", ...mail("b@acme.example"), repeat: 9 }]))).toEqual([]);
    expect(run(rule, records(usual, [{ at: "70m", tool: "x" }], many))).toHaveLength(1);
  });

  it("the median latency, of enough calls", () => {
    const rule = spike("of: latency, calls: 3");
    const usual = minutes(70, 3, 0, { duration_ms: 20 });
    expect(run(rule, records(usual, minutes(1, 2, 70, { duration_ms: 900 })))).toEqual([]);
    const [alert] = run(rule, records(usual, minutes(1, 3, 70, { duration_ms: 900 })));
    expect(alert?.summary).toMatch(/^900 ms for a call \(median\) in 1 min/);
  });

  it("too little, where something is usual", () => {
    const rule = spike("of: result_size, calls: 3, below: true");
    const usual = minutes(70, 3, 0, { result_bytes: 4000 });
    expect(run(rule, records(usual, minutes(1, 3, 70, { result_bytes: 2 })))).toHaveLength(1);
    expect(run(rule, records(usual, minutes(1, 3, 70, { result_bytes: 3900 })))).toEqual([]);
    const empty = minutes(70, 3, 0, { result_bytes: 0 });
    expect(run(rule, records(empty, minutes(1, 3, 70, { result_bytes: 0 })))).toEqual([]);
  });
});

const stream = fc
  .array(
    fc.record({
      credential: fc.constantFrom("local:a", "local:a", "local:a", "local:b"),
      minute: fc.nat({ max: 3 }),
      calls: fc.integer({ min: 1, max: 12 }),
      outcome: fc.constantFrom("ok", "tool_error"),
      result_bytes: fc.constantFrom(...Array.from({ length: 40 }, () => 100), 50_000),
    }),
    { minLength: 150, maxLength: 200 },
  )
  .map((bursts) => {
    let minute = 0;
    return records(
      bursts.map((burst) => {
        minute += burst.minute;
        const { credential, calls, outcome, result_bytes } = burst;
        const at = minute === 0 ? "0s" : `${minute}m`;
        return { at, credential, tool: "x", repeat: calls, every: "10ms", outcome, result_bytes };
      }),
    );
  });

it.each([
  "of: calls, factor: 1.1, deviations: 0",
  "of: errors, factor: 1.1, deviations: 0",
  "of: result_size, factor: 1.1, calls: 1",
])("a restored state goes on as the one that was written: %s", (settings) => {
  const detection = createDetection([spike(settings)], { incidents: null });
  let found = 0;
  fc.assert(
    fc.property(stream, fc.nat({ max: 1000 }), (inputs, cut) => {
      const state = detection.initialState();
      for (const input of inputs.slice(0, cut)) detection.step(state, input);
      const tables = new StateTables();
      const restored = detection.initialState(tables);
      copyState(state.tables, tables);
      for (const input of inputs.slice(cut)) {
        const { alerts } = detection.step(state, input);
        found += alerts.length;
        expect(detection.step(restored, input).alerts).toEqual(alerts);
      }
      const values = (tables: StateTables): unknown[] => wholeState(tables).map(({ value }) => value);
      expect(values(restored.tables)).toEqual(values(state.tables));
    }),
    { numRuns: 20, seed: 7 },
  );
  expect(found).toBeGreaterThan(0);
});
