/**
 * Records a second through `step` with all shipped rules on one core: `node bench/engine.ts [RECORDS]`. Prints JSON.
 * Records are about 1 KB as JSON: reads with prose, JSON or table results, intents and calls of acting tools, with mail
 * addresses, links and redaction tokens, from 200 credentials with 5 sessions each.
 */
import { encodeRecord } from "@tripline/events";
import type { BenchResult } from "../../../bench/result.ts";
import {
  createDetection,
  type DetectionInput,
  recordsOf,
  type StateEntry,
  StateTables,
  shortRecordSchema,
} from "../src/index.ts";
import { shippedRules } from "./shipped-rules.ts";

const RECORDS = Number(process.argv[2] ?? 200_000);
const DISTINCT = 20_000;
const CREDENTIALS = 200;
const SESSIONS = 5;
const SLICE_MS = 2; // as the step runner has it
const RECORDS_PER_SECOND = 2000; // of record time: ten calls a second for each credential
const PROSE =
  "The quarterly review went well and most of the team will travel to the customer in the second week. Please have " +
  "a look at the attached figures before the meeting, they changed after the audit. If anything is unclear write to ";

const inputs = recordsOf(
  Array.from({ length: DISTINCT }, (_, index) => shortRecordSchema.parse(recordAt(index))),
);
for (const [index, input] of inputs.entries()) {
  input.appendTime += index;
}
const bytes = inputs.reduce((total, { record }) => total + encodeRecord(record).length, 0) / inputs.length;
const detection = createDetection(shippedRules());
const state = detection.initialState();
let alerts = 0;

run(DISTINCT); // warm
const cpuBefore = process.cpuUsage();
const started = performance.now();
run(RECORDS);
const seconds = (performance.now() - started) / 1000;
const cpu = process.cpuUsage(cpuBefore);

const { tables } = state;
const written: (StateEntry & { segment: number })[] = [];
const segment = tables.begin(0);
const slices: number[] = [];
for (let done = false; !done; ) {
  const from = performance.now();
  done = tables.drain(
    (entry) => written.push({ ...entry, segment }),
    () => performance.now() - from < SLICE_MS,
  );
  slices.push(performance.now() - from);
}
const snapshotMs = slices.reduce((sum, each) => sum + each, 0);
const restoreStarted = performance.now();
const into = new StateTables();
detection.initialState(into);
into.load(written);
const restoreMs = performance.now() - restoreStarted;
const chars = written.reduce((sum, { key, value }) => sum + key.length + (value ?? "").length, 0);
const result: BenchResult = {
  bench: "detection engine, all shipped rules",
  figures: [
    { name: "record", value: bytes, unit: "B" },
    { name: "judged", value: RECORDS / seconds, unit: "records/s", goal: { at_least: 15_000 } },
    { name: "CPU", value: (cpu.user + cpu.system) / RECORDS, unit: "µs/record" },
    { name: "alerts", value: alerts, unit: "" },
    { name: "whole state", value: chars / 1e6, unit: "MB" },
    { name: "whole state encoded in", value: snapshotMs, unit: "ms" },
    { name: "longest slice of it", value: Math.max(...slices), unit: "ms" },
    { name: "whole state restored in", value: restoreMs, unit: "ms" },
  ],
};
console.log(JSON.stringify(result));

function run(count: number): void {
  for (let index = 0; index < count; index += 1) {
    const input = inputs[index % inputs.length];
    if (input !== undefined) alerts += detection.step(state, fresh(input)).alerts.length;
  }
}

/** A record object that the engine has not seen, as after JSON.parse. */
function fresh({ record, appendTime }: DetectionInput): DetectionInput {
  return { record: { ...record }, appendTime };
}

function recordAt(index: number): unknown {
  const base = {
    at: `${Math.floor((index * 1000) / RECORDS_PER_SECOND) + 1}ms`,
    credential: `local:agent-${index % CREDENTIALS}`,
    principal: `p${index % 50}`,
    session: `s${index % (CREDENTIALS * SESSIONS)}`,
    server: `server-${index % 7}`,
  };
  const kind = index % 10;
  if (kind < 4) {
    return {
      ...base,
      tool: "read_text_file",
      args: { path: `/srv/notes/${index}.md` },
      result: `${PROSE}ana${index}@acme.example. ${PROSE}`.slice(0, 480),
    };
  }
  if (kind < 7) {
    const rows = [0, 1, 2, 3].map((row) => ({
      id: index * 10 + row,
      sender: `u${row}@acme.example`,
      subject: `Order ${index}`,
      state: "open",
      total: 12.5,
    }));
    return { ...base, tool: "query_orders", args: { customer: index, state: "open" }, result: rows };
  }
  if (kind === 7) {
    return {
      ...base,
      tool: "fetch_webpage",
      args: { url: `https://news.example/${index}` },
      result: `${PROSE}https://docs.example/page/${index} ${PROSE}`.slice(0, 480),
    };
  }
  if (kind === 8) {
    return {
      ...base,
      tool: "update_record",
      args: { id: index, note: PROSE.slice(0, 200) },
      intent: true,
      result: "done",
    };
  }
  return {
    ...base,
    tool: "send_email",
    args: { to: `ana${index}@acme.example`, subject: "Figures", body: PROSE },
    intent: true,
    result: "sent",
  };
}
