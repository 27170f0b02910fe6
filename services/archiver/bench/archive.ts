/**
 * The archiver alone: distinct records of 1.2 KB from a log in memory into the embedded store, as fast as it goes.
 * Prints a BenchResult as JSON. `process.cpuUsage` holds the engine's threads and merges too. `BENCH_LEDGER=off` leaves sealing
 * out: the ratio of two runs is what the ledger costs.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { TOPICS } from "@tripline/events";
import { createContext } from "@tripline/service";
import { openStore } from "@tripline/store";
import { createMemoryLog, triplineTopics } from "@tripline/stream";
import { createArchiver, ledgerSettingsOf } from "../src/index.ts";
import { DistinctRecords } from "./distinct-records.ts";

const RECORDS = Number(process.env.BENCH_RECORDS ?? 150_000);
const PRODUCE_BATCH = 5; // what arrives together has one append time, and that saves bytes: be honest about it
const APPEND_DELAY_MS = 60; // behind the producer's time
const POLL_MS = 20;
const LEDGER_EVERY_MS = 1000; // the default
const SEED = 1;
const FIRST_MS = Date.UTC(2026, 9, 1);

const directory = mkdtempSync(join(tmpdir(), "tripline-archive-"));
const context = createContext({ service: "bench", logLevel: "warn" });
let clock = FIRST_MS;
const log = createMemoryLog({ now: () => clock });
await log.ensureTopics(triplineTopics(1));
const store = await openStore({ dataDir: join(directory, "store") });
const made = new DistinctRecords(SEED, FIRST_MS);
for (let produced = 0; produced < RECORDS; produced += PRODUCE_BATCH) {
  const batch = Array.from({ length: PRODUCE_BATCH }, () => made.next());
  clock = (batch.at(-1)?.time ?? clock) + APPEND_DELAY_MS;
  await log.produce(
    TOPICS.events,
    batch.map(({ tenant, text }) => ({ key: `${tenant}/bench`, value: Buffer.from(text) })),
  );
}

const loop = monitorEventLoopDelay({ resolution: 1 });
loop.enable();
const cpuBefore = process.cpuUsage();
const loopBefore = performance.eventLoopUtilization();
const started = performance.now();
const ledger = ledgerSettingsOf(
  {
    data: directory,
    ledger: process.env.BENCH_LEDGER,
    ledgerEveryMs: LEDGER_EVERY_MS,
    ledgerTimestampMinutes: 60,
  },
  {},
);
const archiver = createArchiver({ log, store, context, revocationKeys: () => [], ledger });
await archiver.start();
for (;;) {
  // not the store, whose answers would cost more than what is measured
  if ((await log.committed(TOPICS.events, "archiver-events")).get(0)?.offset === RECORDS) break;
  await delay(POLL_MS);
}
const seconds = (performance.now() - started) / 1000;
const main = performance.eventLoopUtilization(loopBefore).active / 1000;
await archiver.stop();
const cpu = process.cpuUsage(cpuBefore);
loop.disable();
const sizes = await store.tableSizes();
const bytes = sizes.records.bytes + sizes.payloads.bytes;

if (process.env.BENCH_KEEP !== undefined) console.error(`the store stays in ${directory}`);
console.log(
  JSON.stringify({
    bench: "archiver, log in memory to embedded store",
    figures: [
      { name: "records stored", value: RECORDS / seconds, unit: "records/s" },
      { name: "CPU of the process", value: (cpu.user + cpu.system) / RECORDS, unit: "µs/record" },
      { name: "main thread", value: (main * 1e6) / RECORDS, unit: "µs/record" },
      { name: "event-loop delay p99", value: loop.percentile(99) / 1e6, unit: "ms" },
      { name: "on disk, envelope", value: sizes.records.bytes / RECORDS, unit: "B/record" },
      { name: "on disk, payload and its indexes", value: sizes.payloads.bytes / RECORDS, unit: "B/record" },
      { name: "on disk", value: bytes / RECORDS, unit: "B/record", goal: { at_most: 220 } },
    ],
  }),
);
await store.close();
await log.close();
await context.close();
if (process.env.BENCH_KEEP === undefined) rmSync(directory, { recursive: true, force: true });
process.exit(0);
