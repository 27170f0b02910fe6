import {
  type Alert,
  BASELINE_PRODUCER,
  baselineRecord,
  encodeRecord,
  parseRecord,
  type TriplineRecord,
} from "@tripline/events";
import { describe, expect, it } from "vitest";
import { createDetection, type DetectionInput } from "../engine/detection.ts";
import { parseRule } from "../rule/parse-rule.ts";
import { shortRecordSchema } from "../rule/rule-test-schema.ts";
import { wholeState } from "../state/snapshots.testing.ts";
import { recordsOf } from "../test-rule.ts";
import { baselinesIn } from "./statements.ts";

const rule = parseRule(
  [
    "title: Much more than usual",
    "name: much-more",
    "level: medium",
    "logsource: { category: agent_tool_call }",
    "detection: { call: { tool|exists: true }, condition: call }",
    "tripline:",
    "  response: { revocable: false }",
    "  spike: { of: calls, group-by: [credential, server, tool], minimum: 5 }",
  ].join("\n"),
  "spike.yaml",
);
const detection = createDetection([rule], { incidents: null });

function records(...shorts: object[]): DetectionInput[] {
  return recordsOf(shorts.map((short) => shortRecordSchema.parse({ tool: "get_row", ...short })));
}

/** What a hundred hours of one call each, of two keys, make usual. */
function stated(): TriplineRecord[] {
  const state = detection.initialState();
  const past = records(
    { repeat: 100, every: "1h" },
    { at: "30m", credential: "local:b", repeat: 100, every: "1h" },
  );
  for (const input of past) detection.step(state, input);
  return baselinesIn(state).map(({ baseline, of }) =>
    baselineRecord("test", baseline, of, Date.UTC(2026, 0, 6)),
  );
}

function found(statements: readonly TriplineRecord[], ...shorts: object[]): Alert[] {
  const state = detection.initialState();
  const appendTime = Date.UTC(2026, 0, 6);
  for (const record of statements) detection.step(state, { record, appendTime });
  return records(...shorts).flatMap((input) => detection.step(state, input).alerts);
}

const burst = { at: "121h", repeat: 9 };

describe("statements of what has been usual", () => {
  it("are valid records, one for each rule and group, and the same for the same history", () => {
    const statements = stated();
    expect(statements.map(({ envelope }) => envelope.actor?.credential)).toEqual(["local:test", "local:b"]);
    for (const record of statements) expect(parseRecord(encodeRecord(record))).toEqual(record);
    expect(stated()).toEqual(statements);
  });

  it("let a new state judge at once what it would else have to learn for days", () => {
    expect(found([], burst)).toEqual([]);
    expect(found(stated(), burst)).toHaveLength(1);
    expect(found(stated(), { ...burst, tool: "other_tool" })).toEqual([]);
    expect(found(stated(), { ...burst, credential: "local:c" })).toEqual([]);
  });

  it("are taken up once, however often they come, and never in place of more that is known", () => {
    const [statement] = stated();
    if (statement === undefined) throw new Error("no statement");
    const input = { record: statement, appendTime: Date.UTC(2026, 0, 6) };
    const state = detection.initialState();
    const values = (): unknown[] =>
      wholeState(state.tables).map(({ value }) => JSON.parse(value ?? "")[1].state);
    detection.step(state, input);
    const once = values();
    detection.step(state, input);
    expect(values()).toEqual(once);
    for (const each of records({ repeat: 300, every: "1h" })) detection.step(state, each);
    const learned = values();
    detection.step(state, input);
    expect(values()).toEqual(learned);
  });

  it("count only from Tripline itself, and only where they are whole", () => {
    const forged = stated().map((record) => ({
      ...record,
      envelope: { ...record.envelope, producer: { ...record.envelope.producer, id: "gw-1" } },
    }));
    expect(found(forged, burst)).toEqual([]);
    const broken = stated().map(({ envelope }) => ({
      envelope,
      payload: { salt: "0".repeat(32), baseline: { rule: "much-more", since: 0, hours: [[168, 0, []]] } },
    }));
    expect(broken[0]?.envelope.producer.id).toBe(BASELINE_PRODUCER);
    expect(found(broken, burst)).toEqual([]);
  });
});
