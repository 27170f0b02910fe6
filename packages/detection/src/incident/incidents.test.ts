import { type Alert, alertSchema, eventKey } from "@tripline/events";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  createDetection,
  type Detection,
  type DetectionInput,
  type DetectionState,
} from "../engine/detection.ts";
import { parseRule } from "../rule/parse-rule.ts";
import { shortRecordSchema } from "../rule/rule-test-schema.ts";
import { copyState } from "../state/snapshots.testing.ts";
import { StateTables } from "../state/state-tables.ts";
import { recordsOf } from "../test-rule.ts";
import { INCIDENT_RULE } from "./incident-alert.ts";
import { DEFAULT_INCIDENTS } from "./settings.ts";

const TOOLS = ["a", "b", "c", "d", "e"];

/** A rule that finds each call of the tool of that name. */
function rule(tool: string, level: string, extra = ""): ReturnType<typeof parseRule> {
  return parseRule(
    [
      `title: Tool ${tool}`,
      `name: tool-${tool}-called`,
      `level: ${level}`,
      "logsource: { category: agent_tool_call }",
      `detection: { call: { tool: ${tool} }, condition: call }`,
      `tripline: { quiet: 1ms, response: { revocable: ${tool === "e"}, scope: credential }${extra} }`,
    ].join("\n"),
    `${tool}.yaml`,
  );
}
const detection = createDetection([
  rule("a", "low", ", alert: false"),
  rule("b", "low"),
  rule("c", "informational", ", alert: false, score: 2"),
  rule("d", "medium"),
  rule("e", "high"),
]);

function calls(...tools: (string | object)[]): DetectionInput[] {
  return recordsOf(
    tools.map((each) => shortRecordSchema.parse(typeof each === "string" ? { tool: each } : each)),
  );
}

function run(
  inputs: readonly DetectionInput[],
  state: DetectionState,
  engine: Detection = detection,
): Alert[] {
  return inputs.flatMap((input) => engine.step(state, input).alerts);
}

function incidents(...tools: (string | object)[]): Alert[] {
  return run(calls(...tools), detection.initialState()).filter((alert) => alert.rule.id === INCIDENT_RULE);
}

describe("findings of one session", () => {
  it("add up to an alert that names rules, points and records", () => {
    const inputs = calls("a", "b", "c");
    const [alert] = run(inputs, detection.initialState()).filter(({ rule: { id } }) => id === INCIDENT_RULE);
    if (alert === undefined) throw new Error("no incident");
    expect(alertSchema.parse(alert)).toEqual(alert);
    expect(alert.severity).toBe("medium");
    expect(alert.group).toBe("credential=local:test, session=s1");
    expect(alert.score?.contributions.map(({ name, points }) => [name, Math.round(points)])).toEqual([
      ["tool-c-called", 2],
      ["tool-b-called", 2],
      ["tool-a-called", 2],
    ]);
    expect(alert.evidence.map(({ record_id, step }) => [record_id, step])).toEqual(
      inputs.map(({ record }, index) => [record.envelope.id, `tool-${TOOLS[index]}-called`]),
    );
    expect(alert.record_id).toBe(inputs[2]?.record.envelope.id);
    expect(alert.response).toEqual({ revocable: false });
  });

  it("say nothing that a rule's own alert has said", () => {
    expect(incidents("d", "a")).toEqual([]);
    expect(incidents("e", "a", "b")).toEqual([]);
    expect(incidents("d", "a", "b", "c", "a").map(({ severity }) => severity)).toEqual(["high"]);
  });

  it("may take a key away only where one of the findings may", () => {
    const [alert] = incidents("e", "d", "a", "b", "c", "d", "b");
    expect(alert?.severity).toBe("critical");
    expect(alert?.response).toEqual({ revocable: true, scope: "credential", subject: "local:test" });
  });

  it("do not add up when one rule finds the same again and again", () => {
    expect(incidents({ tool: "d", repeat: 50 })).toEqual([]);
    expect(incidents({ tool: "b", repeat: 50 }, "c")).toHaveLength(1); // two rules: 4 + 2 points
    expect(incidents("b", "c")).toEqual([]);
  });

  it("count half after the half-life", () => {
    expect(incidents("a", "b", { at: "119m", tool: "c" })).toEqual([]);
    expect(incidents("a", "b", { at: "20m", tool: "c" })).toHaveLength(1);
  });

  it("are told again only when graver, or after they are forgotten", () => {
    const round = ["a", "b", "c"];
    expect(incidents(...round, ...round)).toHaveLength(1);
    const later = round.map((tool, index) => ({ at: `${13 * 60 + index}m`, tool }));
    expect(incidents(...round, ...later)).toHaveLength(2);
  });
});

it("findings of one credential's sessions add up, those of several credentials do not", () => {
  const spread = ["a", "b", "c", "a", "b", "c", "a", "b", "c"].map((tool, index) => ({
    tool,
    session: `s${index}`,
  }));
  expect(incidents(...spread.slice(0, 3))).toEqual([]); // sessions are different tasks: it takes twice the points
  const [alert, ...others] = incidents(...spread);
  expect(alert?.group).toBe("credential=local:test");
  expect(others).toEqual([]);
  expect(incidents("a", { tool: "b", credential: "local:other" }, "c")).toEqual([]);
});

it("a rule that adds up quietly raises no alert of its own, except to be tested", () => {
  const loud = createDetection([rule("a", "low", ", alert: false")], { tellAll: true, incidents: null });
  expect(run(calls("a"), detection.initialState())).toEqual([]);
  expect(run(calls("a"), loud.initialState(), loud)).toHaveLength(1);
});

it("a wider rule must raise its own alert, and no rule may be called as incidents are", () => {
  expect(() => rule("a", "low", ", alert: false, group-by: [server]")).toThrow(
    /tripline.alert: expected true/,
  );
  const text = "title: t\nname: incident\nlogsource: { category: agent_tool_call }\nlevel: low\n";
  const rest = "detection: { x: { tool: y }, condition: x }\ntripline: { response: { revocable: false } }\n";
  expect(() => parseRule(text + rest, "incident.yaml")).toThrow(/name: expected another name/);
});

const samples = fc
  .array(
    fc.record({
      tool: fc.constantFrom(...TOOLS, "a", "b", "c"),
      credential: fc.constantFrom("local:a", "local:b"),
      session: fc.constantFrom("s1", "s2", null),
      intent: fc.boolean(),
    }),
    { minLength: 15, maxLength: 40 },
  )
  .map((shorts) => recordsOf(shorts.map((short) => shortRecordSchema.parse(short))));

it("a restored state goes on as the one that was written", () => {
  let found = 0;
  fc.assert(
    fc.property(samples, fc.nat({ max: 20 }), (inputs, cut) => {
      const state = detection.initialState();
      run(inputs.slice(0, cut), state);
      const tables = new StateTables();
      const restored = detection.initialState(tables);
      copyState(state.tables, tables);
      const alerts = run(inputs.slice(cut), state);
      found += alerts.filter(({ rule: { id } }) => id === INCIDENT_RULE).length;
      expect(run(inputs.slice(cut), restored)).toEqual(alerts);
    }),
  );
  expect(found).toBeGreaterThan(2);
});

it("the number of partitions does not matter", () => {
  fc.assert(
    fc.property(samples, (inputs) => {
      const partitions = new Map<string, DetectionState>();
      const apart = inputs.flatMap((input) => {
        const key = eventKey(input.record.envelope);
        const state = partitions.get(key) ?? detection.initialState();
        partitions.set(key, state);
        return run([input], state);
      });
      expect(apart).toEqual(run(inputs, detection.initialState()));
    }),
  );
});

it("forgets the longest unused group, and says so", () => {
  const small = createDetection([rule("a", "low")], { incidents: { ...DEFAULT_INCIDENTS, maxGroups: 2 } });
  const state = small.initialState();
  run(calls("a", { tool: "a", session: "s2" }, { tool: "a", session: "s3" }), state, small);
  expect(state.tables.forgotten.get("incidents")).toBeGreaterThan(0);
});
