import { describe, expect, it } from "vitest";
import { createDetection } from "../engine/detection.ts";
import { parseRule } from "../rule/parse-rule.ts";
import type { Rule } from "../rule/rule.ts";
import { shortRecordSchema } from "../rule/rule-test-schema.ts";
import { copyState } from "../state/snapshots.testing.ts";
import { StateTables } from "../state/state-tables.ts";
import { recordsOf } from "../test-rule.ts";

function rule(kind: string): Rule {
  return parseRule(
    [
      "title: A kind",
      "name: some-kind",
      "level: low",
      "logsource: { category: agent_tool_any }",
      "detection: { any: { server|exists: true }, condition: any }",
      "tripline:",
      '  summary: "{values}"',
      "  response: { revocable: false }",
      `  ${kind}`,
    ].join("\n"),
    "kind.yaml",
  );
}

/** The summaries of what is found; the state is written and restored after each record. */
function found(kind: string, ...shorts: object[]): string[] {
  const detection = createDetection([rule(kind)], { incidents: null });
  let state = detection.initialState();
  return recordsOf(shorts.map((short) => shortRecordSchema.parse(short))).flatMap((input) => {
    const tables = new StateTables();
    const restored = detection.initialState(tables);
    copyState(state.tables, tables);
    state = restored;
    return detection.step(state, input).alerts.map(({ summary }) => summary);
  });
}

describe("unused", () => {
  const kind = "unused: { for: 10d }";
  const list = (at: string, ...names: string[]): object => ({ at, listed: names.map((name) => ({ name })) });

  it("finds what was listed for so long without being used, once in that time", () => {
    const calls = [list("1h", "a", "b"), { at: "5d", tool: "a" }];
    expect(found(kind, ...calls, list("9d", "a", "b"))).toEqual([]);
    expect(found(kind, ...calls, list("11d", "a", "b"), list("12d", "a", "b"))).toEqual(["b"]);
    expect(found(kind, ...calls, list("11d", "a", "b"), list("22d", "a", "b"))).toEqual(["b", "a, b"]);
  });

  it("says nothing of tools that are new or gone, nor of another key's", () => {
    expect(found(kind, list("1h", "a"), list("11d", "b"))).toEqual([]);
    const others = { at: "5d", tool: "a", credential: "local:other" };
    expect(found(kind, list("1h", "a"), others, list("11d", "a"))).toEqual(["a"]);
  });
});

describe("canary", () => {
  const kind = "canary: { prefix: planted-for-, owner: team }";
  const result = (text: string, team?: string): object => ({ tool: "x", team, result: text });

  it("finds another owner's marker, whatever its case, and names each owner once", () => {
    expect(found(kind, result("planted-for-Legal, planted-for-legal. planted-for-hr!", "sales"))).toEqual([
      "legal, hr",
    ]);
    expect(found(kind, result("planted-for-sales", "Sales"))).toEqual([]);
  });

  it("says nothing where nobody knows whose the call is, or the marker has no owner", () => {
    expect(found(kind, result("planted-for-legal"))).toEqual([]);
    expect(found(kind, result("planted-for- everyone", "sales"))).toEqual([]);
  });

  it("must have a prefix that does not occur by chance", () => {
    expect(() => rule("canary: { prefix: abc, owner: team }")).toThrow(/canary.prefix/);
  });
});
