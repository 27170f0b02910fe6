import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe } from "vitest";
import { type Broker, startBroker } from "../../../../infra/kafka/broker.ts";
import { requirement } from "../../../../test/support/requirements.ts";
import { logContract } from "../log-contract.ts";
import { openPlatformaticLog } from "./platformatic-log.ts";

const PORT = 21_120;

describe.skipIf(requirement("kafka").missing)("against a real broker", () => {
  const directory = mkdtempSync(join(tmpdir(), "tripline-kafka-"));
  let broker: Broker;
  beforeAll(async () => {
    broker = await startBroker({ port: PORT, dataDir: join(directory, "data") });
  }, 300_000); // the first time the jars are fetched
  afterAll(async () => {
    await broker.stop();
    rmSync(directory, { recursive: true });
  });

  logContract("the Kafka log", {
    propertyRuns: 10,
    open: async () => {
      const log = await openPlatformaticLog({ brokers: [broker.address] });
      return { log, done: () => log.close() };
    },
  });
});
