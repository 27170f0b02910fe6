import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeRecord, TOPICS } from "@tripline/events";
import { openStore, type Store } from "@tripline/store";
import { type FrontProcess, frontProcess, testRecord } from "@tripline/store/testing";
import { type Log, openKafkaLog, triplineTopics } from "@tripline/stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Broker, startBroker } from "../../../infra/kafka/broker.ts";
import { requirement } from "../../../test/support/requirements.ts";
import { waitFor } from "../../../test/support/wait-for.ts";

const CHILD = new URL("./archive-until-frozen.testing.ts", import.meta.url).pathname;
const BROKER_PORT = 22_510;
const FRONT_PORT = 22_520;
const RECORDS = 240; // six ranges of 40: one for each zombie, and some
const LATER_RECORDS = 20;
/** A frozen member's partitions go to the next one when its session has timed out, after 10 s. */
const TAKEN_OVER = { timeoutMs: 60_000 };
const STEPS = ["announce", "payloads", "write", "records", "commit"];

interface Archiver {
  process: ChildProcess;
  /** What it printed so far. */
  said: string[];
}

describe.skipIf(requirement("kafka").missing)("archivers that are frozen, each at another step", () => {
  const directory = mkdtempSync(join(tmpdir(), "tripline-frozen-"));
  const archivers: Archiver[] = [];
  let broker: Broker;
  let front: FrontProcess;
  let log: Log;
  let store: Store;

  beforeAll(async () => {
    broker = await startBroker({ port: BROKER_PORT, dataDir: join(directory, "kafka") });
    front = frontProcess(join(directory, "store"), FRONT_PORT);
    await front.start();
    log = await openKafkaLog({ brokers: [broker.address] });
    await log.ensureTopics(triplineTopics(1));
    store = await openStore({ url: front.url });
  }, 300_000);
  afterAll(async () => {
    for (const { process } of archivers) {
      process.kill("SIGKILL"); // a stopped process too
    }
    await store.close();
    await log.close();
    await front.kill();
    await broker.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  function start(step: string): Archiver {
    const child = spawn(process.execPath, [CHILD, broker.address, front.url, step], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const archiver: Archiver = { process: child, said: [] };
    child.stdout.on("data", (chunk: Buffer) => archiver.said.push(...chunk.toString().trim().split("\n")));
    archivers.push(archiver);
    return archiver;
  }

  async function produce(from: number, count: number): Promise<void> {
    const texts = Array.from({ length: count }, (_, n) => encodeRecord(testRecord(from + n)));
    await log.produce(
      TOPICS.events,
      texts.map((text) => ({ key: "acme/x", value: Buffer.from(text) })),
    );
  }

  async function drained(): Promise<void> {
    await waitFor(
      async () => {
        const [end] = await log.offsets(TOPICS.events);
        const committed = (await log.committed(TOPICS.events, "archiver-events")).get(0);
        return committed?.offset === end?.next && committed?.metadata === "";
      },
      { what: "all records to be stored", ...TAKEN_OVER },
    );
  }

  async function storedOnce(count: number): Promise<void> {
    const reader = store.reader({ tenant: "acme", payloads: true });
    const { rows } = await reader.searchCalls({}, { limit: 500, order: "oldest" });
    expect(rows.map((row) => row.seq)).toEqual(Array.from({ length: count }, (_, n) => n));
    const { records, payloads } = await store.tableSizes();
    expect([records.rows, payloads.rows]).toEqual([count, count]);
  }

  async function inserts(): Promise<{ payloads: number; records: number }> {
    const run = await front.statements();
    const of = (table: string) => run.filter((text) => text.startsWith(`INSERT INTO ${table} `)).length;
    return { payloads: of("payloads"), records: of("records") };
  }

  it("double no row and lose none when they wake after their successors inserted", {
    timeout: 400_000,
  }, async () => {
    await produce(0, RECORDS);
    for (const step of STEPS) {
      const { said } = start(step);
      await waitFor(() => said.includes("frozen"), { what: `an archiver frozen at: ${step}`, ...TAKEN_OVER });
    }
    const last = start("never");
    await drained();
    await storedOnce(RECORDS);
    const before = await inserts();
    for (const { process } of archivers) process.kill("SIGCONT");
    const woken = archivers.filter((archiver) => archiver !== last);
    await waitFor(() => woken.every(({ said }) => said.includes("awake")), { what: "all to be awake" });
    // Two had no more to do than to send their insert: only the token stops these. The others are stopped by the broker,
    // who knows that the range is no longer theirs.
    await waitFor(async () => JSON.stringify(await inserts()) !== JSON.stringify(before), {
      what: "late inserts",
    });
    await produce(RECORDS, LATER_RECORDS);
    await drained();
    await waitFor(
      async () => {
        const { payloads, records } = await inserts();
        return payloads > before.payloads && records > before.records;
      },
      { what: "both late inserts" },
    );
    await storedOnce(RECORDS + LATER_RECORDS);
    for (const { process } of archivers) {
      process.kill("SIGTERM");
      if (process.exitCode === null && process.signalCode === null) await once(process, "exit");
    }
  });
});
