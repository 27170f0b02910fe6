/** Tripline's answer: `node tripline.ts RECORDS.tsv QUESTION WARM_UP`. Prints one line of JSON, as the peers do. */
import type { TriplineRecord } from "@tripline/events";
import { createDetection, parseRule } from "../../packages/detection/src/index.ts";
import {
  COUNT,
  COUNT_WITHIN_MS,
  COUNTED_TOOL,
  DISTINCT,
  DISTINCT_TOOLS,
  DISTINCT_WITHIN_MS,
  QUESTIONS,
  type Question,
  STEP_TOOLS,
  STEPS_WITHIN_MS,
} from "./questions.ts";
import { type CallEvent, readRecords } from "./records-file.ts";

const [path = "", asked = "", warm = "0"] = process.argv.slice(2);
const question = QUESTIONS.find((each) => each === asked);
if (question === undefined) throw new Error(`no question named ${asked}`);
const warmUp = Number(warm);

const detection = createDetection([parseRule(ruleFor(question), "bench.yaml")], { incidents: null });
const state = detection.initialState();
const inputs = readRecords(path).map((event) => ({ record: recordOf(event), appendTime: event.time }));
let matches = 0;
let checksum = 0;
let before = process.cpuUsage();
let started = performance.now();
for (const [index, input] of inputs.entries()) {
  if (index === warmUp) {
    before = process.cpuUsage();
    started = performance.now();
  }
  for (const { record_id } of detection.step(state, input).alerts) {
    matches += 1;
    checksum += Number(record_id);
  }
}
const { user, system } = process.cpuUsage(before);
const seconds = (performance.now() - started) / 1000;
console.log(
  JSON.stringify({
    records: inputs.length - warmUp,
    cpuSeconds: (user + system) / 1e6,
    seconds,
    matches,
    checksum,
  }),
);

function recordOf({ id, time, credential, tool, server }: CallEvent): TriplineRecord {
  return {
    envelope: {
      v: 1,
      id: String(id),
      type: "call",
      time: new Date(time).toISOString(),
      tenant: "acme",
      producer: { id: "gw-1", boot: "b", seq: id },
      actor: { credential, assurance: "verified" },
      target: { server, tool },
      call: { id: `c${id}`, method: "tools/call", outcome: "ok" },
      payload_hash: "0",
    },
  };
}

function ruleFor(question: Question): string {
  const head = ["title: Bench", "name: bench", "level: low", "logsource: { category: agent_tool_call }"];
  if (question === "count" || question === "distinct") {
    const tools = question === "count" ? [COUNTED_TOOL] : DISTINCT_TOOLS;
    const condition = question === "count" ? `{ gte: ${COUNT} }` : `{ field: tool, gte: ${DISTINCT} }`;
    return [
      "title: Counted",
      "name: counted",
      "logsource: { category: agent_tool_call }",
      `detection: { call: { tool: [${tools.join(", ")}] }, condition: call }`,
      "---",
      "title: Bench",
      "name: bench",
      "level: low",
      "correlation:",
      `  type: ${question === "count" ? "event_count" : "value_count"}`,
      "  rules: counted",
      "  group-by: [credential]",
      `  timespan: ${question === "count" ? COUNT_WITHIN_MS : DISTINCT_WITHIN_MS}ms`,
      `  condition: ${condition}`,
      "tripline: { quiet: 1ms }",
    ].join("\n");
  }
  const tools = STEP_TOOLS.slice(0, question === "two-steps" ? 2 : 3);
  return [
    ...head,
    "detection:",
    ...tools.map((tool, index) => `  s${index}: { tool: ${tool} }`),
    "tripline:",
    "  quiet: 1ms",
    "  sequence:",
    `    steps: [${tools.map((_tool, index) => `{ name: s${index}, match: s${index} }`).join(", ")}]`,
    `    within: ${STEPS_WITHIN_MS}ms`,
    "    group-by: [credential]",
    "    max_partials: 64",
  ].join("\n");
}
