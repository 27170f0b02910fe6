import { type Alert, IN_DOUBT_PRODUCER } from "@tripline/events";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { shippedRules } from "../../bench/shipped-rules.ts";
import { parseRule } from "../rule/parse-rule.ts";
import { createDetection, type Detection, type DetectionInput } from "./detection.ts";
import { sampleInputs } from "./sample-records.testing.ts";

function alertsOf(engine: Detection, inputs: readonly DetectionInput[]): Alert[] {
  const state = engine.initialState();
  return inputs.flatMap((input) => engine.step(state, input).alerts);
}

/** What the archiver writes of a call whose end nobody saw in time. */
function closing({ record, appendTime }: DetectionInput): DetectionInput {
  const { payload_hash: _, call, ...envelope } = record.envelope;
  const id = `${envelope.id.slice(0, -2)}${envelope.id.endsWith("ff") ? "00" : "ff"}`;
  const producer = { ...envelope.producer, id: IN_DOUBT_PRODUCER };
  const ended = call === undefined ? {} : { call: { ...call, outcome: "in_doubt" as const } };
  return { record: { envelope: { ...envelope, id, producer, type: "call", ...ended } }, appendTime };
}

/** The same, with every call closed as in doubt shortly before its own record comes. */
function allInDoubt(inputs: readonly DetectionInput[]): DetectionInput[] {
  return inputs.flatMap((input) =>
    input.record.envelope.type === "call" ? [closing(input), input] : [input],
  );
}

it("calls that were in doubt for a while raise the same alerts as calls that ended at once", () => {
  const others = shippedRules().filter(({ file }) => !file.endsWith("call-in-doubt.yaml")); // they ask for doubt
  const detection = createDetection(others);
  fc.assert(
    fc.property(sampleInputs, (inputs) => {
      expect(alertsOf(detection, allInDoubt(inputs))).toEqual(alertsOf(detection, inputs));
    }),
  );
});

it("a rule that asks for calls in doubt sees each once", () => {
  const rule = parseRule(
    [
      "title: Calls in doubt",
      "name: calls-in-doubt",
      "logsource: { category: agent_tool_call }",
      "detection: { doubt: { outcome: in_doubt }, condition: doubt }",
      "level: low",
      "tripline: { summary: s, why: w, next: [n], response: { revocable: false } }",
    ].join("\n"),
    "calls-in-doubt.yaml",
  );
  const [some] = fc.sample(
    sampleInputs.filter((inputs) => inputs.some(({ record }) => record.envelope.type === "call.intent")),
    1,
  );
  const intent = some?.find(({ record }) => record.envelope.type === "call.intent");
  if (intent === undefined) throw new Error("no intent");
  expect(alertsOf(createDetection([rule]), [intent, closing(intent)])).toHaveLength(1);
  expect(alertsOf(createDetection([rule]), [closing(intent)])).toHaveLength(0);
});
