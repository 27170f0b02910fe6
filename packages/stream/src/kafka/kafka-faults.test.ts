import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import kafkajs from "kafkajs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Broker, startBroker } from "../../../../infra/kafka/broker.ts";
import { requirement } from "../../../../test/support/requirements.ts";
import { waitFor } from "../../../../test/support/wait-for.ts";
import type { Assignment, Log, LogRecord } from "../log.ts";
import { runStep } from "../runner/run-step.ts";
import { openKafkaLog } from "./kafka-log.ts";

const PORT = 20_130;
const record = (key: string, value: string) => ({ key, value: Buffer.from(value) });

describe.skipIf(requirement("kafka").missing)("the Kafka log under faults", () => {
  const directory = mkdtempSync(join(tmpdir(), "tripline-kafka-"));
  let broker: Broker;
  let log: Log;
  beforeAll(async () => {
    broker = await startBroker({ port: PORT, dataDir: join(directory, "data") });
    log = await openKafkaLog({ brokers: [broker.address] });
  }, 300_000);
  afterAll(async () => {
    await log.close();
    await broker.stop();
    rmSync(directory, { recursive: true });
  });

  async function member(topic: string, hold: Promise<void> = Promise.resolve()) {
    const assignments: Assignment[] = [];
    const lost: number[] = [];
    const records: LogRecord[] = [];
    const consumer = await log.consume({
      topic,
      group: "g",
      onAssigned: async (assignment) => {
        assignments.push(assignment);
        return {
          onBatch: async (batch) => {
            records.push(...batch);
            await hold;
            if (!assignment.signal.aborted) await assignment.commit((batch.at(-1)?.offset ?? 0) + 1);
          },
          onLost: () => lost.push(assignment.partition),
        };
      },
    });
    return { consumer, assignments, lost, records };
  }

  test("topics made a moment ago answer where they begin and end, asked all at once", async () => {
    const names = Array.from({ length: 6 }, (_, n) => `fresh-${n}`);
    await log.ensureTopics(names.map((name) => ({ name, partitions: 12, cleanup: "delete" })));
    for (const bounds of await Promise.all(names.map((name) => log.offsets(name)))) {
      expect(bounds).toEqual(
        Array.from({ length: 12 }, (_, partition) => ({ partition, earliest: 0, next: 0 })),
      );
    }
  });

  test("two members share the partitions; a commit of an earlier assignment is refused and changes nothing", async () => {
    await log.ensureTopics([{ name: "shared", partitions: 4, cleanup: "delete" }]);
    await log.produce(
      "shared",
      [0, 1, 2, 3].map((partition) => ({ ...record("k", "1"), partition })),
    );
    const first = await member("shared");
    await waitFor(async () => (await log.committed("shared", "g")).size === 4, { what: "four commits" });
    const old = first.assignments.slice(0, 4);
    const second = await member("shared");
    await waitFor(() => second.assignments.length === 2, { timeoutMs: 20_000, what: "a share" });
    expect(first.lost.sort()).toEqual([0, 1, 2, 3]);
    for (const assignment of old) {
      expect(assignment.signal.aborted).toBe(true);
      await expect(assignment.commit(0, "zombie")).rejects.toMatchObject({
        code: "TRIPLINE_STREAM_ASSIGNMENT_LOST",
      });
    }
    await log.produce(
      "shared",
      [0, 1, 2, 3].map((partition) => ({ ...record("k", "2"), partition })),
    );
    await waitFor(
      async () => [...(await log.committed("shared", "g")).values()].every(({ offset }) => offset === 2),
      {
        what: "the commits of both",
      },
    );
    expect(second.records.length).toBe(2);
    await first.consumer.close();
    await second.consumer.close();
  });

  test("a position that retention has removed ends the consumer, until someone accepts the gap", async () => {
    await log.ensureTopics([{ name: "cut", partitions: 1, cleanup: "delete" }]);
    await log.produce("cut", [record("a", "0"), record("a", "1"), record("a", "2")]);
    const reader = await member("cut");
    await waitFor(async () => (await log.committed("cut", "g")).get(0)?.offset === 3, { what: "the commit" });
    await reader.consumer.close();
    await log.produce("cut", [record("a", "3"), record("a", "4")]);
    const admin = new kafkajs.Kafka({
      brokers: [broker.address],
      logLevel: kafkajs.logLevel.NOTHING,
    }).admin();
    await admin.connect();
    await admin.fetchTopicOffsets("cut"); // loads the metadata that the next call needs
    await admin.deleteTopicRecords({ topic: "cut", partitions: [{ partition: 0, offset: "4" }] });
    await admin.disconnect();
    const refused = await member("cut");
    await expect(refused.consumer.ended).rejects.toMatchObject({ code: "TRIPLINE_STREAM_OUT_OF_RANGE" });
    expect((await log.committed("cut", "g")).get(0)?.offset).toBe(3);
    const records: LogRecord[] = [];
    const accepting = await log.consume({
      topic: "cut",
      group: "g",
      onAssigned: async ({ earliest }) => ({
        startAt: earliest,
        onBatch: async (batch) => {
          records.push(...batch);
        },
      }),
    });
    await waitFor(() => records.length === 1, { what: "what is left" });
    expect(records[0]?.offset).toBe(4);
    await accepting.close();
  });

  test("a step goes on through the broker's restart; nothing acknowledged is missing", async () => {
    await log.ensureTopics([
      { name: "in", partitions: 3, cleanup: "delete" },
      { name: "out", partitions: 1, cleanup: "delete" },
      { name: "tripline.state", partitions: 1, cleanup: "compact" },
    ]);
    let count = 0;
    const handle = await runStep({
      log,
      name: "copy",
      topic: "in",
      open: () => ({
        process: ({ key, value }) => ({ kind: "emit", records: [{ topic: "out", key, value }] }),
        snapshot: () => Buffer.from(`${count++}`),
        restore: () => undefined,
      }),
    });
    await log.produce(
      "in",
      Array.from({ length: 50 }, (_, i) => record(`${i}`, `${i}`)),
    );
    await broker.kill();
    await expect(log.produce("in", [record("x", "lost or not")])).rejects.toMatchObject({
      kind: "retriable",
    });
    broker = await startBroker({ port: PORT, dataDir: join(directory, "data") });
    const second = Array.from({ length: 50 }, (_, i) => record(`${50 + i}`, `${50 + i}`));
    await waitFor(() => log.produce("in", second), {
      timeoutMs: 20_000,
      what: "the broker to take records again",
    });
    await waitFor(async () => (await handle.lag()).every(({ lag }) => lag === 0), {
      timeoutMs: 60_000,
      what: "no lag",
    });
    await handle.close();
    const seen = new Set<string>();
    const reader = await log.consume({
      topic: "out",
      group: "all",
      onAssigned: async () => ({
        onBatch: async (batch) => {
          for (const { value } of batch) seen.add(Buffer.from(value ?? []).toString());
        },
      }),
    });
    await waitFor(() => Array.from({ length: 100 }, (_, i) => `${i}`).every((value) => seen.has(value)), {
      what: "all values",
    });
    await reader.close();
  }, 120_000);
});
