/**
 * How soon an installation that holds many records is ready again, on the embedded log: after it was stopped, and after
 * it was killed while records came in. Prints a BenchResult as JSON.
 */
import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createArchiver } from "@tripline/archiver";
import { createDetectorWorker } from "@tripline/detector";
import { cloudEventHeaders, eventKey, parseRecord, TOPICS } from "@tripline/events";
import { createContext, type Part } from "@tripline/service";
import { openStore } from "@tripline/store";
import { defaultPartitions, openLog, triplineTopics } from "@tripline/stream";
import { type Standalone, startStandalone } from "../test/support/standalone.ts";
import { createLoad } from "./load.ts";
import { type BenchResult, quantile } from "./result.ts";

const RECORDS = Number(process.env.BENCH_RECORDS ?? 10_000_000); // some 16 GB of disk, and half an hour to write
const RESTARTS = 3; // of each kind; the goal is about the slowest
const BATCH_RECORDS = 500;
const MAX_BEHIND = 100_000; // the reader of the log that is furthest behind decides how fast it is filled
const LOAD_RATE = 2_000; // records/s while it is killed
const LOAD_S = 5;
const GOAL_S = 10;
const GROUPS = ["archiver-events", "detector"]; // who reads the events

const data = mkdtempSync(join(tmpdir(), "tripline-restart-"));
try {
  const fillSeconds = await fill();
  const key = await enrolled((await started()).server); // not counted: tokens and keys are made
  const stopped: number[] = [];
  const killed: number[] = [];
  for (let n = 0; n < RESTARTS; n++) {
    const { server, seconds } = await started();
    stopped.push(seconds);
    await underLoad(server, key);
    await server.stop("SIGKILL");
    const again = await started();
    killed.push(again.seconds);
    await again.server.stop();
  }
  const result: BenchResult = {
    bench: `restart, ${RECORDS.toLocaleString("en")} records stored, embedded`,
    figures: [
      { name: "records stored", value: RECORDS, unit: "" },
      { name: "ready after a stop, median", value: quantile(stopped, 0.5), unit: "s" },
      {
        name: "ready after a stop, slowest",
        value: Math.max(...stopped),
        unit: "s",
        goal: { at_most: GOAL_S },
      },
      { name: "ready after kill -9 under load, median", value: quantile(killed, 0.5), unit: "s" },
      {
        name: "ready after kill -9 under load, slowest",
        value: Math.max(...killed),
        unit: "s",
        goal: { at_most: GOAL_S },
      },
      { name: "logged, judged and stored at", value: RECORDS / fillSeconds, unit: "records/s" },
    ],
  };
  console.log(JSON.stringify(result));
} finally {
  rmSync(data, { recursive: true, force: true });
}

/** From the start of the process until it says that it is ready and answers so. */
async function started(): Promise<{ server: Standalone; seconds: number }> {
  const began = performance.now();
  const server = await startStandalone({ data });
  return { server, seconds: (performance.now() - began) / 1000 };
}

/** Stops the server. */
async function enrolled(server: Standalone): Promise<string> {
  const { key } = await server.json<{ key: string }>("/v1/producers", {
    method: "POST",
    body: JSON.stringify({ id: "bench", issuers: ["local"], quota: 1_000_000 }),
  });
  await server.stop();
  return key;
}

async function underLoad(server: Standalone, key: string): Promise<void> {
  const sender = fork(new URL("./pipeline-sender.ts", import.meta.url), [
    server.url,
    key,
    String(LOAD_S * 10),
    String(LOAD_RATE),
  ]);
  await delay(LOAD_S * 1000);
  sender.kill();
}

/** Straight into the log, with the archiver and the detector behind it, as they run in the standalone. */
async function fill(): Promise<number> {
  const context = createContext({ service: "bench", logLevel: "warn" });
  const log = await openLog({ dataDir: data });
  await log.ensureTopics(triplineTopics(defaultPartitions("embedded:")));
  const store = await openStore({ dataDir: join(data, "store") });
  const parts: Part[] = [
    createArchiver({ log, store, context, revocationKeys: () => [], ledger: null }),
    createDetectorWorker({ log, context }),
  ];
  for (const part of parts) await part.start();
  const load = createLoad({
    tenant: "local",
    producer: "bench",
    credentials: 200,
    sessionsPerCredential: 20,
  });
  const began = performance.now();
  let next = 0;
  while (load.made < RECORDS) {
    const lines = load
      .batch(Math.min(BATCH_RECORDS, RECORDS - load.made))
      .body.trimEnd()
      .split("\n");
    const positions = await log.produce(
      TOPICS.events,
      lines.map((line) => {
        const { envelope } = parseRecord(line);
        return { key: eventKey(envelope), value: Buffer.from(line), headers: cloudEventHeaders(envelope) };
      }),
    );
    next = (positions.at(-1)?.offset ?? 0) + 1;
    if (load.made % MAX_BEHIND === 0) await caughtUp(next - MAX_BEHIND);
  }
  await caughtUp(next);
  const seconds = (performance.now() - began) / 1000;
  for (const part of parts.reverse()) await part.stop();
  await log.close();
  await store.close();
  await context.close();
  return seconds;

  async function caughtUp(offset: number): Promise<void> {
    for (const group of GROUPS) {
      while (((await log.committed(TOPICS.events, group)).get(0)?.offset ?? 0) < offset) await delay(20);
    }
  }
}
