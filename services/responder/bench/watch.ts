/**
 * What the responder's reader of the events topic costs for each record: the look at it alone, and reading and looking at the embedded
 * log, beside a reader that looks at nothing. CPU time of this process, so that others on the machine count for less.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeRecord, parseRecord, TOPIC_CLEANUP, TOPICS } from "@tripline/events";
import { createContext } from "@tripline/service";
import { type Log, type NewRecord, openEmbeddedLog, runStep } from "@tripline/stream";
import type { BenchResult } from "../../../bench/result.ts";
import { EventWatch } from "../src/enforcement/event-watch.ts";
import { PartitionWatch } from "../src/enforcement/partition-watch.ts";
import { anId, asRead, FakeInterceptor } from "../src/enforcement/testing/events.ts";

const CALLS = 60_000; // each an intent and a call
const KEYS = 200;
const BATCH = 500;
const PAYLOAD = { salt: "0".repeat(32), args: { text: "x".repeat(300) }, result: "y".repeat(700) };

const gateway = new FakeInterceptor("gw-1");
const records = makeRecords();

const look = lookAlone();
const directory = mkdtempSync(join(tmpdir(), "tripline-watch-"));
const log = await openEmbeddedLog({ directory, sync: "never" });
await log.ensureTopics(
  Object.entries(TOPIC_CLEANUP).map(([name, cleanup]) => ({ name, partitions: 1, cleanup })),
);
for (let from = 0; from < records.length; from += BATCH) {
  await log.produce(TOPICS.events, records.slice(from, from + BATCH));
}
const bare = await readBare(log);
const { watched, longestMs } = await readWatched(log);
await log.close();
rmSync(directory, { recursive: true });

const result: BenchResult = {
  bench: "watch",
  figures: [
    { name: "a look at a record", value: look, unit: "µs", goal: { at_most: 3 } },
    { name: "read from the embedded log, nothing looked at", value: bare, unit: "µs CPU" },
    { name: "read and looked at", value: watched, unit: "µs CPU" },
    { name: "what looking adds", value: watched - bare, unit: "µs CPU", goal: { at_most: 3 } },
    { name: "longest batch, its commit included", value: longestMs, unit: "ms" },
  ],
};
console.log(JSON.stringify(result));

function makeRecords(): NewRecord[] {
  const made: NewRecord[] = [];
  for (let i = 0; i < CALLS; i += 1) {
    const id = anId();
    const caller = { credential: `local:key-${i % KEYS}` };
    made.push(withPayload(gateway.intent(id, caller)), withPayload(gateway.call(id, caller)));
  }
  return made;
}

function withPayload(record: NewRecord): NewRecord {
  const { envelope } = parseRecord(Buffer.from(record.value ?? []).toString());
  return { ...record, value: Buffer.from(encodeRecord({ envelope, payload: PAYLOAD })) };
}

function lookAlone(): number {
  let best = Number.POSITIVE_INFINITY;
  const read = records.map((record, offset) => asRead(record, offset));
  for (let round = 0; round < 3; round += 1) {
    const watch = new PartitionWatch();
    const started = process.cpuUsage();
    for (const record of read) watch.take(record);
    best = Math.min(best, microseconds(started) / read.length);
  }
  return best;
}

async function readBare(log: Log): Promise<number> {
  const done = Promise.withResolvers<void>();
  const started = process.cpuUsage();
  const handle = await runStep({
    log,
    name: "bench-bare",
    topic: TOPICS.events,
    maxBatchRecords: 200,
    open: () => ({
      process: ({ offset }) => {
        if (offset === records.length - 1) done.resolve();
        return { kind: "skip", reason: "bare" };
      },
    }),
  });
  await done.promise;
  const used = microseconds(started);
  await handle.close();
  return used / records.length;
}

async function readWatched(log: Log): Promise<{ watched: number; longestMs: number }> {
  const context = createContext({ service: "bench", logLevel: "silent" });
  const batches: number[] = [];
  const watch = new EventWatch({ log, context, onBatch: (seconds) => batches.push(seconds * 1000) });
  const started = process.cpuUsage();
  await watch.start();
  while (!(await watch.caughtUp())) await new Promise((resolve) => setImmediate(resolve));
  const used = microseconds(started);
  await watch.close();
  await context.close();
  return { watched: used / Math.min(records.length, 50_000), longestMs: Math.max(...batches) };
}

function microseconds(started: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(started);
  return user + system;
}
