import { type Alert, eventKey } from "@tripline/events";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createDetection, type DetectionInput, type DetectionState } from "../engine/detection.ts";
import { parseRule } from "../rule/parse-rule.ts";
import type { Rule } from "../rule/rule.ts";
import { shortRecordSchema } from "../rule/rule-test-schema.ts";
import { copyState } from "../state/snapshots.testing.ts";
import { StateTables } from "../state/state-tables.ts";
import { recordsOf } from "../test-rule.ts";

/** A rule whose selections `a` to `f` are calls of the tools of those names. */
function sequence(...settings: string[]): Rule {
  return parseRule(
    [
      "title: One after the other",
      "name: one-after-the-other",
      "level: high",
      "logsource: { category: agent_tool_call }",
      "detection:",
      ..."abcdef".split("").map((tool) => `  ${tool}: { tool: ${tool} }`),
      "tripline:",
      '  summary: "{link}"',
      "  quiet: 1ms",
      "  response: { revocable: true, scope: credential }",
      "  sequence:",
      "    group-by: [credential]",
      ...settings.map((line) => `    ${line}`),
    ].join("\n"),
    "sequence.yaml",
  );
}

function records(...shorts: (string | object)[]): DetectionInput[] {
  return recordsOf(
    shorts.map((each) => shortRecordSchema.parse(typeof each === "string" ? { tool: each } : each)),
  );
}

function run(rule: Rule, inputs: readonly DetectionInput[]): Alert[] {
  const detection = createDetection([rule], { incidents: null });
  const state = detection.initialState();
  return inputs.flatMap((input) => detection.step(state, input).alerts);
}

/** How many alerts these calls raise. */
function count(rule: Rule, ...shorts: (string | object)[]): number {
  return run(rule, records(...shorts)).length;
}

describe("two producers of one credential", () => {
  const rule = sequence(
    "within: 10m",
    "steps: [{ name: a, match: a }, { name: b, match: b }]",
    "flow: [{ from: a, to: b, none: low, value: high, secret: critical }]",
  );
  const secret = "⟨private_key:k1.0123456789abcdef⟩";
  const [read, begins, ends] = records(
    { tool: "a", result: `key ${secret}, id 77120042` },
    { tool: "b", intent: true, args: { body: `here: ${secret}` } },
  );

  function of(boot: string, input: DetectionInput | undefined, appendedLater = 0): DetectionInput {
    if (input === undefined) throw new Error("no record");
    const copy = structuredClone(input);
    copy.record.envelope.producer.boot = boot;
    return { ...copy, appendTime: copy.appendTime + appendedLater };
  }
  const [here, there] = ["01a1fef0-a066-7b5e-8aca-88e31a5f223c", "01a1fef0-a0ce-74d7-acca-251ee43f3a94"];
  const grades = (alerts: Alert[]): string[] => alerts.map(({ severity }) => severity);

  it("may tell a call's end behind the next call's intent, and behind its end", () => {
    const inOrder = [of(here, read), of(there, begins), of(there, ends)];
    const [first, second, third] = inOrder as [DetectionInput, DetectionInput, DetectionInput];
    for (const told of [inOrder, [second, first, third], [second, third, first]]) {
      const [alert, ...more] = run(rule, told);
      expect(alert?.severity).toBe("critical");
      expect(alert?.summary).toContain("the secret that was read is in what was sent");
      expect(alert?.evidence.map(({ tool }) => tool)).toEqual(["a", "b"]);
      expect(more).toEqual([]);
    }
  });

  it("raise what an earlier beginning was told too low", () => {
    const [harmless] = records({ tool: "a", result: "nothing" });
    const told = [of(here, harmless), of(there, begins), of(there, ends), of(here, read)];
    expect(grades(run(rule, told))).toEqual(["low", "critical"]);
  });

  it("are not waited for: what is told after five seconds is too late", () => {
    expect(run(rule, [of(there, begins), of(there, ends), of(here, read, 10_000)])).toEqual([]);
  });

  it("do not make one call follow another that ended after it began", () => {
    const late = of(here, read, 3000);
    late.record.envelope.time = new Date(late.appendTime).toISOString();
    expect(run(rule, [of(there, begins), of(there, ends), late])).toEqual([]);
  });

  it("differ from one, whose records are in order", () => {
    expect(run(rule, [of(here, begins), of(here, ends), of(here, read)])).toEqual([]);
  });

  it("are still told apart after a snapshot", () => {
    const detection = createDetection([rule], { incidents: null });
    const state = detection.initialState();
    for (const input of [of(there, begins), of(there, ends)]) detection.step(state, input);
    const tables = new StateTables();
    const restored = detection.initialState(tables);
    copyState(state.tables, tables);
    expect(grades(detection.step(restored, of(here, read)).alerts)).toEqual(["critical"]);
  });

  it("do not bring back what has been ended meanwhile", () => {
    const ending = sequence(
      "within: 10m",
      "until: c",
      "steps: [{ name: a, match: a }, { name: b, match: b }]",
    );
    expect(run(ending, [of(there, begins), of(there, ends), of(here, read)])).toEqual([]);
  });
});

describe("what must not happen in between", () => {
  const rule = sequence(
    "within: 10m",
    "steps: [{ name: a, match: a }, { name: b, match: b, missing: true }, { name: c, match: c }]",
  );

  it("is judged at once", () => {
    expect(count(rule, "a", "c")).toBe(1);
    expect(count(rule, "a", "b", "c")).toBe(0);
    expect(count(rule, "b", "a", "c")).toBe(1);
    expect(count(rule, "a", "b", "a", "c")).toBe(1);
  });

  it("has happened only if it succeeded", () => {
    expect(count(rule, "a", { tool: "b", outcome: "tool_error" }, "c")).toBe(1);
  });
});

describe("what must not be missing at the end", () => {
  const rule = sequence(
    "within: 10m",
    "steps: [{ name: a, match: a }, { name: b, match: b }, { name: c, match: c, missing: true, within: 5m }]",
  );

  it("is found once the log's time is over, whatever record shows it", () => {
    expect(count(rule, "a", "b", "d")).toBe(0);
    const [alert] = run(rule, records("a", "b", { at: "10m", tool: "d", credential: "local:other" }));
    expect(alert?.actor?.credential).toBe("local:test");
    expect(alert?.evidence.map(({ tool }) => tool)).toEqual(["a", "b"]);
    expect(alert?.record_id).toBe(alert?.evidence[1]?.record_id);
    expect(alert?.time).toBe("2026-01-01T00:05:06.000Z"); // b, five minutes, and the time that delivery may take
  });

  it("is not found where it came in time, and is where it came too late", () => {
    expect(count(rule, "a", "b", { at: "5m", tool: "c" }, { at: "11m", tool: "d" })).toBe(0);
    expect(count(rule, "a", "b", { at: "6m", tool: "c" })).toBe(1);
  });

  it("is found by records that no rule looks at, too", () => {
    const detection = createDetection([rule], { incidents: null });
    const state = detection.initialState();
    const inputs = records("a", "b");
    for (const input of inputs) detection.step(state, input);
    const last = inputs[1]?.appendTime ?? 0;
    expect(detection.advance(state, last + 5 * 60_000)).toEqual([]);
    expect(detection.advance(state, last + 6 * 60_000)).toHaveLength(1);
    expect(detection.advance(state, last + 60 * 60_000)).toEqual([]);
  });

  it("needs a group that one partition holds, and something that happens first", () => {
    const steps = "steps: [{ name: a, match: a }, { name: b, match: b, missing: true }]";
    expect(() => parseRule(sequenceText(steps, "[server]"), "x.yaml")).toThrow(/group-by: expected session/);
    expect(() =>
      sequence("within: 1m", "steps: [{ name: a, match: a, missing: true }, { name: b, match: b }]"),
    ).toThrow(/steps.0.missing: expected a first step/);
  });
});

function sequenceText(steps: string, groupBy: string): string {
  return [
    "title: t",
    "name: some-sequence",
    "level: low",
    "logsource: { category: agent_tool_call }",
    "detection: { a: { tool: a }, b: { tool: b } }",
    "tripline:",
    "  response: { revocable: false }",
    "  sequence:",
    "    within: 1m",
    `    group-by: ${groupBy}`,
    `    ${steps}`,
  ].join("\n");
}

it("until ends what has begun, and does not hinder what begins with it or after it", () => {
  const rule = sequence(
    "within: 10m",
    "until: d or a",
    "steps: [{ name: a, match: a }, { name: b, match: b }]",
  );
  expect(count(rule, "a", "b")).toBe(1);
  expect(count(rule, "a", "d", "b")).toBe(0);
  expect(count(rule, "a", "d", "a", "b")).toBe(1);
});

it("a step may have a time of its own", () => {
  const rule = sequence(
    "within: 10m",
    "steps: [{ name: a, match: a }, { name: b, match: b, within: 1m }, { name: c, match: c }]",
  );
  expect(count(rule, "a", { at: "1m", tool: "b" }, { at: "9m", tool: "c" })).toBe(1);
  expect(count(rule, "a", { at: "61s", tool: "b" }, { at: "9m", tool: "c" })).toBe(0);
  expect(count(rule, "a", { at: "1m", tool: "b" }, { at: "11m", tool: "c" })).toBe(0);
});

it("steps may have to have fields in common, or not", () => {
  const rule = sequence(
    "within: 10m",
    "where:",
    "  - { field: server, of: [a, b], is: same }",
    "  - { field: principal, of: [a, b], is: different }",
    "steps: [{ name: a, match: a }, { name: b, match: b }]",
  );
  const call = (tool: string, server: string, principal?: string): object => ({ tool, server, principal });
  expect(count(rule, call("a", "x", "p"), call("b", "x", "q"))).toBe(1);
  expect(count(rule, call("a", "x", "p"), call("b", "x", "p"))).toBe(0);
  expect(count(rule, call("a", "x", "p"), call("b", "y", "q"))).toBe(0);
  expect(count(rule, call("a", "x", "p"), call("b", "x"))).toBe(0); // nobody knows
  expect(count(rule, call("a", "y", "p"), call("a", "x", "p"), call("b", "x", "q"))).toBe(1);
});

describe("flows", () => {
  const SECRET = "⟨token:k1.0123456789abcdef⟩";
  const PASSAGE = "the quarterly numbers will be told to nobody before the board has met in March";
  const steps = "steps: [{ name: a, match: a }, { name: b, match: b }, { name: c, match: c }]";
  const rule = sequence(
    "within: 10m",
    steps,
    "flow:",
    "  - { from: a, to: b, secret: critical, value: high, text: medium, none: informational }",
    "  - { from: b, to: c, value: high, none: low }",
  );
  const graded = (a: string, b: object, result: string, c: object): string[] =>
    run(rule, records({ tool: "a", result: a }, { tool: "b", args: b, result }, { tool: "c", args: c })).map(
      ({ severity, summary }) => `${severity}: ${summary}`,
    );

  it("are graded each, and the gravest counts", () => {
    expect(graded(SECRET, { body: SECRET }, "", {})).toEqual([
      "critical: the secret that was read is in what was sent",
    ]);
    expect(graded(PASSAGE, { body: PASSAGE }, "", {})).toEqual([
      "medium: a passage that was read is in what was sent",
    ]);
    expect(graded("", {}, "", {})).toEqual(["low: no value links the two"]);
  });

  it("name the value, masked", () => {
    expect(graded("", {}, "id 77120042", { id: "77120042" })).toEqual([
      "high: a value that was read is in what was sent (77…42)",
    ]);
    expect(graded("id 77120042", { id: "77120042" }, "ref AB-990017-X", { ref: "AB-990017-X" })).toEqual([
      "high: a value that was read is in what was sent (77…42); a value that was read is in what was sent (ab…-x)",
    ]);
  });

  it("without a severity of `none` have to be there", () => {
    const strict = sequence("within: 10m", steps, "flow: [{ from: a, to: c, secret: critical }]");
    expect(count(strict, { tool: "a", result: SECRET }, "b", { tool: "c", args: { x: SECRET } })).toBe(1);
    expect(
      count(strict, { tool: "a", result: "id 77120042" }, "b", { tool: "c", args: { x: "77120042" } }),
    ).toBe(0);
  });

  it("that nothing flows in show exposure only, which never takes a key away", () => {
    const [alert] = run(rule, records("a", "b", "c"));
    expect(alert?.response.revocable).toBe(false);
  });

  it("must name steps in order", () => {
    expect(() => sequence("within: 10m", steps, "flow: [{ from: b, to: a, secret: low }]")).toThrow(
      /flow.0.to: expected the name of a step after/,
    );
  });
});

const samples = fc
  .array(
    fc.record({
      tool: fc.constantFrom("a", "a", "b", "c", "d"),
      credential: fc.constantFrom("local:a", "local:b"),
      intent: fc.boolean(),
      minutes: fc.nat({ max: 4 }),
    }),
    { minLength: 10, maxLength: 60 },
  )
  .map((calls) => {
    let at = 0;
    return records(
      ...calls.map(({ minutes, ...call }) => {
        at += minutes;
        return { ...call, at: at === 0 ? "0s" : `${at}m` };
      }),
    );
  });
const missing = sequence(
  "within: 10m",
  "until: d",
  "where: [{ field: server, of: [a, b], is: same }]",
  "steps: [{ name: a, match: a }, { name: b, match: b }, { name: c, match: c, missing: true, within: 5m }]",
);

it("a restored state goes on as the one that was written, timers included", () => {
  const detection = createDetection([missing]);
  let found = 0;
  fc.assert(
    fc.property(samples, fc.nat({ max: 40 }), (inputs, cut) => {
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
    }),
  );
  expect(found).toBeGreaterThan(10);
});

it("what is missing is the same whatever the number of partitions", () => {
  const detection = createDetection([missing]);
  const end = Number.MAX_SAFE_INTEGER;
  const byId = (alerts: Alert[]): Alert[] => alerts.toSorted((x, y) => (x.id < y.id ? -1 : 1));
  fc.assert(
    fc.property(samples, (inputs) => {
      const together = detection.initialState();
      const partitions = new Map<string, DetectionState>();
      const one = inputs.flatMap((input) => detection.step(together, input).alerts);
      const several = inputs.flatMap((input) => {
        const key = eventKey(input.record.envelope);
        const state = partitions.get(key) ?? detection.initialState();
        partitions.set(key, state);
        return detection.step(state, input).alerts;
      });
      one.push(...detection.advance(together, end));
      for (const state of partitions.values()) several.push(...detection.advance(state, end));
      expect(byId(several)).toEqual(byId(one));
    }),
  );
});
