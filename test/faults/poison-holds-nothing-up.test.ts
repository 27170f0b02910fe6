import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TOPICS } from "@tripline/events";
import { DEAD_LETTER_HEADERS } from "@tripline/stream";
import kafkajs from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Broker, startBroker } from "../../infra/kafka/broker.ts";
import { requirement } from "../support/requirements.ts";
import { waitFor } from "../support/wait-for.ts";
import { findings } from "./harness/findings.ts";
import type { Installation } from "./harness/installation.ts";
import { wholeTopic } from "./harness/reference-alerts.ts";
import { startStandaloneInstallation } from "./harness/standalone-installation.ts";
import { whatHappened } from "./harness/what-happened.ts";
import { startWorkload, type Workload } from "./harness/workload.ts";

const BROKER_PORT = 24_545; // its controller takes the next
const PORT = 24_547;
const TEN_MB = 10_000_000;
const NESTED = 100_000;
const STATION_TIMEOUT_MS = 60_000;

/** What anyone who may write to the topic can put there. */
const POISON: readonly [string, Buffer | null][] = [
  ["no JSON", Buffer.from("not json")],
  ["cut off", Buffer.from('{"envelope":{"v":1,"id":"01')],
  ["another schema", Buffer.from('{"envelope":{"v":1},"payload":{}}')],
  ["another version", Buffer.from('{"envelope":{"v":99},"payload":null}')],
  ["nested 100,000 deep", Buffer.from(`${"[".repeat(NESTED)}${"]".repeat(NESTED)}`)],
  [
    "nested in its payload",
    Buffer.from(`{"envelope":{},"payload":${'{"a":'.repeat(NESTED)}1${"}".repeat(NESTED)}}`),
  ],
  ["no UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0xc0, 0x80, 0x22, 0x3a, 0x31, 0x7d])],
  ["nothing", Buffer.alloc(0)],
  ["10 MB of text", Buffer.from(`{"envelope":"${"x".repeat(TEN_MB)}"}`)],
];

/** Straight into Kafka, where no collector looks at it, between records of callers. */
describe.skipIf(requirement("kafka").missing)("poison holds nothing up", () => {
  const directory = mkdtempSync(join(tmpdir(), "tripline-poison-"));
  let broker: Broker;
  let installation: Installation;
  let workload: Workload;
  let kafka: kafkajs.Kafka;
  const refused: string[] = [];

  beforeAll(async () => {
    broker = await startBroker({ port: BROKER_PORT, dataDir: join(directory, "kafka") });
    installation = await startStandaloneInstallation({ directory, port: PORT, broker: broker.address });
    workload = await startWorkload({ installation, directory });
    kafka = new kafkajs.Kafka({ brokers: [broker.address], logLevel: kafkajs.logLevel.NOTHING });
  }, 180_000);
  afterAll(async () => {
    await workload?.dispose();
    await installation?.dispose();
    await broker?.kill();
    rmSync(directory, { recursive: true, force: true });
  });

  it("lies in a partition of the callers; what is too large is refused by the broker", {
    timeout: 120_000,
  }, async () => {
    const producer = kafka.producer({ maxInFlightRequests: 1, retry: { retries: 0 } });
    await producer.connect();
    const keys = ["acme/local:caller-0-worker-0", "acme/local:caller-1-worker-1"];
    for (const [what, value] of POISON) {
      await workload.progress(20);
      for (const key of keys) {
        await producer.send({ topic: TOPICS.events, messages: [{ key, value }] }).catch((error: unknown) => {
          refused.push(`${what}: ${error instanceof Error && "type" in error ? error.type : error}`);
        });
      }
    }
    await producer.disconnect();
    await workload.progress(200);
    expect(new Set(refused)).toEqual(new Set(["10 MB of text: MESSAGE_TOO_LARGE"]));
  });

  it("ends in the dead letters, each with a reason, and everything else where it would be without", {
    timeout: 240_000,
  }, async () => {
    const letters = await waitFor(
      async () => {
        const found = await installation.withLog((log) => wholeTopic(log, TOPICS.deadLetters));
        const places = new Set(found.map(({ headers }) => placeOf(headers)));
        return places.size >= (POISON.length - 1) * 2 ? found : null;
      },
      { what: "a dead letter for each", timeoutMs: STATION_TIMEOUT_MS },
    );
    for (const { headers } of letters) expect(headers[DEAD_LETTER_HEADERS.reason]).toMatch(/^\w+$/);
    const run = await whatHappened(installation, workload);
    // A letter is written again where a step tries again: what counts is what is there in the end.
    const written = await installation.withLog((log) => wholeTopic(log, TOPICS.deadLetters));
    expect(run.deadLetters).toBe(written.length);
    expect(findings({ ...run, deadLetters: 0 })).toEqual([]);
  });
});

function placeOf(headers: Readonly<Record<string, string>>): string {
  return `${headers[DEAD_LETTER_HEADERS.partition]}/${headers[DEAD_LETTER_HEADERS.offset]}`;
}
