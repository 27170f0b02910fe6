import { encodeRecord, TOPIC_CLEANUP, TOPICS } from "@tripline/events";
import { createContext } from "@tripline/service";
import { openStore } from "@tripline/store";
import { frontProcess, temporaryDirectory, testRecord } from "@tripline/store/testing";
import { createMemoryLog } from "@tripline/stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { waitFor } from "../../../test/support/wait-for.ts";
import { createArchiver } from "./archiver.ts";

const PORT = 22_540;
const BATCH = 2_000; // an insert that takes some 30 ms, so that it can be killed in its midst
const SETTLED = { timeoutMs: 60_000 };
/** In which table, and how many ms behind the insert's begin, the engine's process is killed. */
const KILLS = [
  ["payloads", 0],
  ["payloads", 15],
  ["records", 5],
  ["records", 25],
  ["records", 45],
] as const;

const directory = temporaryDirectory();
const front = frontProcess(directory.path, PORT);
beforeEach(() => front.start());
afterEach(async () => {
  await front.kill();
  directory.remove();
});

describe("an engine that is killed during an insert", () => {
  it("takes all of the batch or nothing of it; the archiver waits and loses nothing", {
    timeout: 300_000,
  }, async () => {
    const context = createContext({ service: "test", logLevel: "silent" });
    const store = await openStore({ url: front.url });
    const log = createMemoryLog();
    await log.ensureTopics(
      Object.values(TOPICS).map((name) => ({ name, partitions: 1, cleanup: TOPIC_CLEANUP[name] })),
    );
    const archiver = createArchiver({ log, store, context, revocationKeys: () => [], ledger: null });
    await archiver.start();
    let made = 0;
    for (const [table, after] of KILLS) {
      await front.inject([{ statement: `^INSERT INTO ${table}`, kind: "die", after, times: 1 }]);
      await log.produce(
        TOPICS.events,
        Array.from({ length: BATCH }, () => ({
          key: "acme/x",
          value: Buffer.from(encodeRecord(testRecord(made++))),
        })),
      );
      await front.ended();
      await waitFor(() => archiver.health().state === "degraded", {
        what: "the archiver to wait",
        ...SETTLED,
      });
      await front.start();
      await waitFor(
        async () => {
          const committed = (await log.committed(TOPICS.events, "archiver-events")).get(0);
          return committed?.offset === made && committed.metadata === "";
        },
        { what: "all records to be stored", ...SETTLED },
      );
      const { records, payloads } = await store.tableSizes();
      expect([records.rows, payloads.rows], `killed in ${table} after ${after} ms`).toEqual([made, made]);
    }
    const reader = store.reader({ tenant: "acme", payloads: true });
    const last = await reader.record(testRecord(made - 1).envelope.id);
    expect(last?.payload_text).toBe(JSON.stringify(testRecord(made - 1).payload));
    await archiver.stop();
    await store.close();
    await log.close();
  });
});
