import { expect, it } from "vitest";
import { createDetection } from "../engine/detection.ts";
import { shortRecordSchema } from "../rule/rule-test-schema.ts";
import { StateTables } from "../state/state-tables.ts";
import { recordsOf } from "../test-rule.ts";
import { compileRuleSet, rulesChangedOf } from "./compile.ts";
import { composeRuleSet, type RuleFiles } from "./compose.ts";
import { decodeRuleSet, encodeRuleSet, isLaterSet, ruleSetHash, sameSources } from "./content.ts";
import { parseRuleSettings } from "./settings.ts";

const rule = (name: string, tool = "print", level = "high"): string => `title: A call
name: a_call
logsource: { category: agent_tool_call }
detection: { call: { tool: ${tool} }, condition: call }
---
title: ${name}
name: ${name}
level: ${level}
correlation: { type: event_count, rules: a_call, group-by: [credential], timespan: 1h, condition: { gte: 2 } }
tripline: { summary: "{tool}", why: w, next: [n], response: { revocable: false }, quiet: 1s }
`;
const file = (name: string, text = rule(name)) => ({ file: `${name}.yaml`, text });
const FILES: RuleFiles = {
  shipped: [],
  own: [],
  settings: null,
  manifest: null,
  world: { internal_hosts: [], trusted_servers: [] },
  problems: [],
};
const at = "2026-01-01T00:00:00.000Z";
const calls = (count: number) =>
  recordsOf([shortRecordSchema.parse({ tool: "print", repeat: count, credential: "key:ci/1" })]);

it("reads a correlation of other files' rules, and again from what is stored", () => {
  const base = rule("aaa").split("---")[0] ?? "";
  const counting = rule("bbb").split("---\n")[1] ?? "";
  const files = { ...FILES, own: [file("base", base), file("bbb", counting)] };
  const content = composeRuleSet(files, null, { number: 1, at: "2026-01-01T00:00:00.000Z" });
  expect(content.problems).toEqual([]);
  const { rules, unreadable } = compileRuleSet(content);
  expect(unreadable).toEqual([]);
  expect(rules.map(({ id }) => id)).toEqual(["a_call", "bbb"]);
});

it("keeps the version before of a file that breaks, leaves out a new broken one, and says both", () => {
  const first = composeRuleSet({ ...FILES, own: [file("aaa"), file("bbb")] }, null, { number: 1, at });
  const second = composeRuleSet(
    { ...FILES, own: [file("aaa", "title: ["), file("bbb"), file("ccc", "title: 7")] },
    first,
    { number: 2, at },
  );
  expect(second.rules.map(({ id, since }) => [id, since])).toEqual([
    ["aaa", 1],
    ["bbb", 1],
  ]);
  expect(second.problems.map(({ file: name, message }) => [name, message.split("; ").at(-1)])).toEqual([
    ["aaa.yaml", "its version before stays in force"],
    ["ccc.yaml", "its rule is not in force"],
  ]);
  expect(sameSources(first, second)).toBe(false);
  expect(compileRuleSet(second).rules.map(({ id }) => id)).toEqual(["aaa", "bbb"]);
});

it("gives a version that comes back a number of its own, also where it was only switched off", () => {
  const compose = (
    own: RuleFiles["own"],
    settings: string | null,
    before: ReturnType<typeof composeRuleSet> | null,
    number: number,
  ) => composeRuleSet({ ...FILES, own, settings }, before, { number, at });
  const one = compose([file("aaa")], null, null, 1);
  const changed = compose([file("aaa", rule("aaa", "scan"))], null, one, 2);
  const back = compose([file("aaa")], null, changed, 3);
  const off = compose([file("aaa")], "disabled: [aaa]", back, 4);
  const on = compose([file("aaa")], null, off, 5);
  expect([one, changed, back, off, on].map(({ rules }) => rules[0]?.since)).toEqual([1, 2, 3, null, 5]);
  expect(compileRuleSet(off).rules).toEqual([]);
  expect(rulesChangedOf(compileRuleSet(off), "g").disabled).toEqual(["aaa"]);
});

it("lets an own rule take a shipped one's place only where the settings say so", () => {
  const both = { ...FILES, shipped: [file("aaa")], own: [file("aaa", rule("aaa", "scan"))] };
  const refused = composeRuleSet(both, null, { number: 1, at });
  expect(refused.rules.map(({ shipped }) => shipped)).toEqual([true]);
  expect(refused.problems[0]?.message).toContain("list `aaa` under `override`");
  const allowed = composeRuleSet({ ...both, settings: "override: [aaa]" }, null, { number: 1, at });
  expect(allowed.rules.map(({ shipped }) => shipped)).toEqual([false]);
  expect(allowed.problems).toEqual([]);
});

it("names settings of rules that do not exist, and keeps the settings before where the new ones are broken", () => {
  const first = composeRuleSet({ ...FILES, own: [file("aaa")], settings: "disabled: [aaa, zzz]" }, null, {
    number: 1,
    at,
  });
  expect(first.problems).toEqual([{ file: "rules.yaml", message: "no rule is called `zzz`" }]);
  const second = composeRuleSet({ ...FILES, own: [file("aaa")], settings: "disabled: 7" }, first, {
    number: 2,
    at,
  });
  expect(second.settings).toBe("disabled: [aaa, zzz]");
  expect(second.problems[0]?.message).toMatch(
    /^rules\.yaml:1: disabled: .*the settings before stay in force$/,
  );
});

it("excepts what the settings except, until they end, and gives the severity they say", () => {
  const settings = `severity: { aaa: low }
exceptions:
  - rule: aaa
    where: { credential: "key:ci/*" }
    until: 2026-01-01T00:00:02Z
    reason: the build prints
`;
  const set = compileRuleSet(
    composeRuleSet({ ...FILES, own: [file("aaa")], settings }, null, { number: 1, at }),
  );
  const detection = createDetection(set.rules, { incidents: null });
  const state = detection.initialState();
  const alerts = calls(5).flatMap((input) => detection.step(state, input).alerts);
  // The second call is excepted; the third is later than the exception.
  expect(alerts.map(({ severity, time }) => [severity, time])[0]).toEqual([
    "low",
    "2026-01-01T00:00:02.000Z",
  ]);
  expect(detection.counts(state).excepted).toBe(1);
});

it.each([
  ["exceptions: [{ rule: aaa, where: { tol: x }, until: 2026-01-01, reason: r }]", "exceptions.0.where.tol"],
  ["exceptions: [{ rule: aaa, where: { tool: x }, reason: r }]", "exceptions.0.until"],
  ["severity: { aaa: grave }", "severity.aaa"],
  ["off: [aaa]", "the settings"],
  ["disabled: *b", "alias"],
])("refuses %s and says where", (text, where) => {
  expect(() => parseRuleSettings(text, "rules.yaml")).toThrow(where);
});

it("is stored whole, refused under another hash, and ordered by number and hash alone", () => {
  const content = composeRuleSet({ ...FILES, own: [file("aaa")] }, null, { number: 1, at });
  expect(decodeRuleSet(encodeRuleSet(content), ruleSetHash(content))).toEqual(content);
  expect(() => decodeRuleSet(encodeRuleSet(content), "0".repeat(64))).toThrow("not what its hash says");
  expect(isLaterSet({ number: 2, set: "a" }, { number: 1, set: "b" })).toBe(true);
  expect(isLaterSet({ number: 1, set: "a" }, { number: 1, set: "b" })).toBe(false);
  expect(isLaterSet({ number: 1, set: "a" }, { number: 1, set: "a" })).toBe(false);
});

it("goes over to another set within one state: unchanged rules remember, changed ones begin, gone ones are dropped", () => {
  const before = composeRuleSet({ ...FILES, own: [file("aaa"), file("bbb")] }, null, { number: 1, at });
  const after = composeRuleSet(
    { ...FILES, own: [file("aaa"), file("bbb", `${rule("bbb")}# changed\n`)] },
    before,
    { number: 2, at },
  );
  const tables = new StateTables();
  const open = (content: typeof before) => {
    const detection = createDetection(compileRuleSet(content).rules, { incidents: null });
    const { made, names } = tables.namesAskedBy(() => detection.initialState(tables));
    return { detection, state: made, names };
  };
  const [one, two] = calls(2);
  if (one === undefined || two === undefined) throw new Error("no records");
  const first = open(before);
  first.detection.step(first.state, one);
  write(tables);
  const second = open(after);
  for (const name of first.names) if (!second.names.has(name)) tables.drop(name);
  expect(second.detection.step(second.state, two).alerts.map((alert) => alert.rule.id)).toEqual(["aaa"]);
  const written = write(tables).filter(({ key }) => key.startsWith("shared/"));
  expect(written).toHaveLength(1);
  // Both rules keep their groups in one row: the rule as it was has left it, the changed one has its own part.
  const kept = [...(written[0]?.value ?? "").matchAll(/groups\/(?:aaa|bbb)\/[\w@]+\/own/g)].map(
    ([name]) => name,
  );
  const [aaa, bbb] = [...second.names].filter((name) => name.startsWith("groups/")).sort();
  expect(kept.sort()).toEqual([aaa, bbb]);
});

function write(tables: StateTables): { key: string; value: string | null }[] {
  const entries: { key: string; value: string | null }[] = [];
  tables.begin(0);
  tables.drain(
    (entry) => entries.push(entry),
    () => true,
  );
  return entries;
}

it("takes in exceptions that were made at run time: of their tenant, until they end, and no broken one", () => {
  const exception = {
    id: "e-1",
    tenant: "acme",
    rule: "aaa",
    where: { credential: "key:ci/1" },
    until: "2026-02-01T00:00:00.000Z",
  };
  const setWith = (exceptions: RuleFiles["exceptions"], from = at) =>
    compileRuleSet(
      composeRuleSet({ ...FILES, own: [file("aaa")], exceptions }, null, { number: 1, at: from }),
    );
  const alertsOf = (set: ReturnType<typeof setWith>, tenant: string) => {
    const detection = createDetection(set.rules);
    const state = detection.initialState(new StateTables());
    return calls(2).flatMap((record) => {
      const envelope = { ...record.record.envelope, tenant };
      return detection.step(state, { ...record, record: { ...record.record, envelope } }).alerts;
    });
  };
  const set = setWith([exception]);
  expect(set.content.exceptions).toEqual([exception]);
  expect(rulesChangedOf(set, "g").exceptions).toBe(1);
  expect(alertsOf(set, "acme")).toEqual([]);
  expect(alertsOf(set, "other")).toHaveLength(1);
  expect(alertsOf(setWith([{ ...exception, where: { credential: "key:ci/2" } }]), "acme")).toHaveLength(1);
  expect(sameSources(set.content, setWith([]).content)).toBe(false);
  expect(setWith([exception], "2026-02-01T00:59:59.000Z").content.exceptions).toHaveLength(1);
  expect(setWith([exception], "2026-02-01T01:00:00.000Z").content).not.toHaveProperty("exceptions");
  expect(setWith([{ ...exception, rule: "gone" }]).content).not.toHaveProperty("exceptions");
  const broken = setWith([exception, { ...exception, id: "e-2", where: { no_such_field: 1 } }]);
  expect(broken.content.exceptions).toEqual([exception]);
  expect(broken.content.problems).toMatchObject([{ file: "exception e-2" }]);
});
