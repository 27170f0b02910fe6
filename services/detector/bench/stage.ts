/**
 * Records a second through the whole first stage (parse, check, judge, encode) on one core: `node bench/stage.ts [RECORDS]`.
 * Prints JSON. The records are 1 KB reads and sends of 200 credentials.
 */
import { recordsOf, shortRecordSchema } from "@tripline/detection";
import { encodeRecord } from "@tripline/events";
import { createContext } from "@tripline/service";
import type { LogRecord } from "@tripline/stream";
import type { BenchResult } from "../../../bench/result.ts";
import { firstStage } from "../src/first-stage.ts";
import { detectorMetrics } from "../src/metrics.ts";
import { loadRules } from "../src/rules/rule-directory.ts";
import { fixedRules } from "../src/rules/rules-in-force.ts";

const RECORDS = Number(process.argv[2] ?? 100_000);
const CREDENTIALS = 200;
const TEXT =
  "The quarterly review went well and most of the team will travel to the customer in the second week. ";

const context = createContext({ service: "bench", logLevel: "silent" });
const step = firstStage(
  { rules: fixedRules(await loadRules()), metrics: detectorMetrics(context.metrics), now: context.now },
  { partition: 0, generation: "bench" },
);
const records = recordsOf(
  Array.from({ length: RECORDS }, (_, index) =>
    shortRecordSchema.parse({
      at: `${index + 1}ms`,
      credential: `local:agent-${index % CREDENTIALS}`,
      session: `s${index % 1000}`,
      server: "files",
      ...(index % 5 === 0
        ? { tool: "send_email", args: { to: `ben${index}@acme.example`, body: TEXT } }
        : {
            tool: "read_text_file",
            args: { path: `/srv/${index}.md` },
            result: `${index} ${TEXT.repeat(4)}`,
          }),
    }),
  ),
).map(({ record, appendTime }, offset): LogRecord => {
  const envelope = { ...record.envelope, producer: { ...record.envelope.producer, seq: offset } };
  const value = new TextEncoder().encode(encodeRecord({ ...record, envelope }));
  return { topic: "bench", partition: 0, offset, appendTime, key: null, value, headers: {} };
});

const cpuBefore = process.cpuUsage();
const started = performance.now();
let emitted = 0;
for (const record of records) {
  const outcome = await step.process(record);
  if (outcome.kind === "emit") emitted += outcome.records.length;
}
const seconds = (performance.now() - started) / 1000;
const cpu = process.cpuUsage(cpuBefore);
const bytes = records.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
const result: BenchResult = {
  bench: "detector, first stage: parse, judge, encode",
  figures: [
    { name: "record", value: bytes / records.length, unit: "B" },
    { name: "judged", value: RECORDS / seconds, unit: "records/s" },
    { name: "CPU", value: (cpu.user + cpu.system) / RECORDS, unit: "µs/record" },
    { name: "emitted", value: emitted, unit: "records" },
  ],
};
console.log(JSON.stringify(result));
