/**
 * Which labelled traces raise an alert: `node bench/traces.ts FILE.ndjson.gz [TOOLS.json]`. Prints JSON: for each label
 * the number of runs, how many had an alert of grade high or above, and the gravest grade by rule.
 */
import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { gunzipSync } from "node:zlib";
import { SEVERITIES } from "@tripline/events";
import { createDetection, recordsOf, type ShortRecord, shortRecordSchema } from "../src/index.ts";
import { shippedRules } from "./shipped-rules.ts";

const CALL_GAP_MS = 2800; // the median run's own pace
const HIGH = SEVERITIES.indexOf("high");

interface Trace {
  trace: string;
  suite: string;
  label: string;
  calls: { tool: string; args: unknown; output: string | null; error: string | null }[];
}

const [file, toolsFile] = process.argv.slice(2);
if (file === undefined) {
  console.error("usage: node bench/traces.ts FILE.ndjson.gz [TOOLS.json]");
  process.exit(2);
}
const beside = toolsFile ?? toolsBeside(file);
const tools: Record<string, { name: string }[]> =
  beside === null ? {} : JSON.parse(readFileSync(beside, "utf8"));
const traces: Trace[] = gunzipSync(readFileSync(file))
  .toString()
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => JSON.parse(line));

interface Tally {
  runs: number;
  alerted_high: number;
  by_rule: Record<string, number>;
}
const labels = new Map<string, Tally>();
const detection = createDetection(shippedRules());
for (const trace of traces) {
  const tally = labels.get(trace.label) ?? { runs: 0, alerted_high: 0, by_rule: {} };
  labels.set(trace.label, tally);
  tally.runs += 1;
  const state = detection.initialState();
  const alerts = recordsOf(shortRecordsOf(trace)).flatMap((input) => detection.step(state, input).alerts);
  if (alerts.some(({ severity }) => SEVERITIES.indexOf(severity) >= HIGH)) tally.alerted_high += 1;
  const gravest = new Map<string, number>();
  for (const { rule, severity } of alerts) {
    gravest.set(rule.id, Math.max(gravest.get(rule.id) ?? 0, SEVERITIES.indexOf(severity)));
  }
  for (const [rule, severity] of gravest) {
    const key = `${rule} ${SEVERITIES[severity]}`;
    tally.by_rule[key] = (tally.by_rule[key] ?? 0) + 1;
  }
  if (process.env.SHOW === trace.label) {
    for (const alert of alerts.filter(({ severity }) => SEVERITIES.indexOf(severity) >= HIGH)) {
      console.error(trace.trace, alert.severity, alert.rule.id, alert.summary);
    }
  }
}
const result = [...labels].map(([label, tally]) => ({
  label,
  runs: tally.runs,
  alerted_high: tally.alerted_high,
  rate_percent: Math.round((1000 * tally.alerted_high) / tally.runs) / 10,
  by_rule: Object.fromEntries(Object.entries(tally.by_rule).sort()),
}));
console.log(JSON.stringify({ file: basename(file), labels: result }, null, 2));

function shortRecordsOf({ suite, calls }: Trace): ShortRecord[] {
  const listed = tools[suite];
  const listing = listed === undefined ? [] : [shortRecordSchema.parse({ server: suite, listed })];
  return [
    ...listing,
    ...calls.map(({ tool, args, output, error }, index) =>
      shortRecordSchema.parse({
        at: `${(index + 1) * CALL_GAP_MS}ms`,
        server: suite,
        tool,
        args,
        ...(output === null ? {} : { result: output }),
        ...(error === null ? {} : { error, outcome: "tool_error" }),
      }),
    ),
  ];
}

function toolsBeside(traceFile: string): string | null {
  const candidates = [
    traceFile.replace(/\.ndjson\.gz$/, ".tools.json"),
    traceFile.replace(/[^/]*$/, "tools.json"),
  ];
  return candidates.find((candidate) => existsSync(candidate)) ?? null;
}
