/**
 * Records a second through `step` with rules as a team would write them (no `judge`), on one core:
 * `node bench/rules.ts [RECORDS] [RULES]`. Prints JSON. Counted over parsed records, and with JSON.parse.
 */
import type { BenchResult } from "../../../bench/result.ts";
import { createDetection, type DetectionInput } from "../src/index.ts";
import { benchRules } from "./workload/hundred-rules.ts";
import { OFFICE, RecordStream } from "./workload/stream.ts";

const RECORDS = Number(process.argv[2] ?? 200_000);
const RULES = Number(process.argv[3] ?? 100);
const BATCH = 400; // 1 MiB of records, what one fetch of a partition brings at most by default

const detection = createDetection(benchRules(RULES));
const state = detection.initialState();
const stream = new RecordStream(OFFICE);
const spent = { parse: 0, judge: 0, seconds: 0 };
let bytes = 0;
let alerts = 0;

run(40_000); // warm: code is compiled, windows are filled
spent.parse = 0;
spent.judge = 0;
spent.seconds = 0;
bytes = 0;
alerts = 0;
run(RECORDS);

const each = 1 / RECORDS;
const result: BenchResult = {
  bench: `detection engine, ${RULES} pattern, sequence and count rules`,
  figures: [
    { name: "record", value: bytes * each, unit: "B" },
    {
      name: "judged, by CPU time",
      value: 1e6 / (spent.judge * each),
      unit: "records/s",
      goal: { at_least: 100_000 },
    },
    { name: "judged, by the clock", value: RECORDS / spent.seconds, unit: "records/s" },
    { name: "CPU", value: spent.judge * each, unit: "µs/record" },
    { name: "CPU with JSON.parse", value: (spent.judge + spent.parse) * each, unit: "µs/record" },
    { name: "alerts", value: alerts, unit: "" },
    { name: "groups", value: detection.counts(state).groups, unit: "" },
  ],
};
console.log(JSON.stringify(result));

function run(count: number): void {
  for (let done = 0; done < count; done += BATCH) {
    const texts = stream
      .next(BATCH)
      .slice(0, BATCH)
      .map(({ record }) => JSON.stringify(record));
    for (const text of texts) bytes += text.length;
    const parsed = timed("parse", () => texts.map((text): DetectionInput["record"] => JSON.parse(text)));
    const inputs = parsed.map((record) => ({ record, appendTime: Date.parse(record.envelope.time) }));
    const started = performance.now();
    timed("judge", () => {
      for (const input of inputs) alerts += detection.step(state, input).alerts.length;
    });
    spent.seconds += (performance.now() - started) / 1000;
  }
}

function timed<T>(what: "parse" | "judge", work: () => T): T {
  const before = process.cpuUsage();
  const value = work();
  const { user, system } = process.cpuUsage(before);
  spent[what] += user + system;
  return value;
}
