import { MessageChannel, Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { waitFor } from "../../../../test/support/wait-for.ts";
import type { LogRecord } from "../log.ts";
import { createMemoryLog } from "../memory/memory-log.ts";
import { connectLog } from "./connect-log.ts";
import { serveLog } from "./serve-log.ts";

test("a real thread consumes and produces; when it dies, its partition goes to another member", async () => {
  const log = createMemoryLog();
  await log.ensureTopics([
    { name: "in", partitions: 1, cleanup: "delete" },
    { name: "out", partitions: 1, cleanup: "delete" },
  ]);
  const { port1, port2 } = new MessageChannel();
  serveLog(log, port1);
  const worker = new Worker(new URL("./echo-thread.fixture.ts", import.meta.url), {
    workerData: { port: port2 },
    transferList: [port2],
  });
  await log.produce("in", [{ key: "a", value: Buffer.from("hello") }]);
  await waitFor(async () => (await log.offsets("out"))[0]?.next === 1, { what: "the thread's echo" });
  await waitFor(async () => (await log.committed("in", "echo")).get(0)?.offset === 1, { what: "its commit" });
  await worker.terminate();

  await log.produce("in", [{ key: "a", value: Buffer.from("again") }]);
  const records: LogRecord[] = [];
  const consumer = await log.consume({
    topic: "in",
    group: "echo",
    onAssigned: async () => ({
      onBatch: async (batch) => {
        records.push(...batch);
      },
    }),
  });
  await waitFor(() => records.length > 0, { what: "the next owner's batch" });
  expect(records.map(({ value }) => Buffer.from(value ?? []).toString())).toEqual(["again"]);
  await consumer.close();
  await log.close();
});

test("readers end with an error when the owner's thread goes away", async () => {
  const log = createMemoryLog();
  await log.ensureTopics([{ name: "in", partitions: 1, cleanup: "delete" }]);
  const { port1, port2 } = new MessageChannel();
  const served = serveLog(log, port1);
  const remote = await connectLog(port2);
  const lost: string[] = [];
  const assigned: string[] = [];
  const consumer = await remote.consume({
    topic: "in",
    group: "g",
    onAssigned: async ({ topic }) => {
      assigned.push(topic);
      return { onBatch: () => Promise.resolve(), onLost: () => lost.push(topic) };
    },
  });
  await waitFor(() => assigned.length === 1, { what: "an assignment" });
  await served.close();
  await expect(consumer.ended).rejects.toMatchObject({ code: "TRIPLINE_STREAM_CLOSED" });
  expect(lost).toEqual(["in"]);
  await expect(remote.ping()).rejects.toMatchObject({ code: "TRIPLINE_STREAM_CLOSED" });
  await log.close();
});
