import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { TOPICS } from "@tripline/events";
import kafkajs from "kafkajs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Broker, startBroker } from "../../../../infra/kafka/broker.ts";
import { requirement } from "../../../../test/support/requirements.ts";
import { waitFor } from "../../../../test/support/wait-for.ts";
import type { Assignment, Log, LogRecord } from "../log.ts";
import { acceptLostRange, findLostRange } from "../lost-range/accept.ts";
import { alertOnLostRange } from "../lost-range/alert-on-lost-range.ts";
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
    log = await openKafkaLog({ brokers: [broker.address], deliveryTimeoutMs: 3_000 });
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

  test("a member that is frozen until others have its partition wakes up and can't commit", async () => {
    await log.ensureTopics([{ name: "frozen", partitions: 1, cleanup: "delete" }]);
    await log.produce("frozen", [record("a", "0"), record("a", "1")]);
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, "frozen-member.fixture.ts"), broker.address, "frozen", "g", "2000"],
      { stdio: ["pipe", "pipe", "inherit"] },
    );
    const lines: string[] = [];
    createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
    await waitFor(() => lines.includes("holding"), {
      timeoutMs: 30_000,
      what: "the first member to hold a batch",
    });
    child.kill("SIGSTOP");
    const second = await member("frozen");
    await waitFor(async () => (await log.committed("frozen", "g")).get(0)?.offset === 2, {
      timeoutMs: 30_000,
      what: "the second member to have the partition",
    });
    await log.produce("frozen", [record("a", "2")]);
    await waitFor(async () => (await log.committed("frozen", "g")).get(0)?.offset === 3, {
      what: "its next commit",
    });
    child.stdin.write("go on\n"); // lies there when it wakes
    child.kill("SIGCONT");
    await waitFor(() => lines.length > 1, { timeoutMs: 30_000, what: "the first member's commit" });
    expect(lines[1]).toBe("TRIPLINE_STREAM_ASSIGNMENT_LOST");
    expect((await log.committed("frozen", "g")).get(0)).toEqual({ offset: 3, metadata: "" });
    child.kill("SIGKILL");
    await second.consumer.close();
  }, 120_000);

  test("a batch that takes longer than the session timeout keeps its assignment", async () => {
    await log.ensureTopics([{ name: "long", partitions: 2, cleanup: "delete" }]);
    await log.produce("long", [{ ...record("a", "0"), partition: 0 }]);
    const quick = await openKafkaLog({ brokers: [broker.address], sessionTimeoutMs: 1_500 });
    const held = Promise.withResolvers<void>();
    const lost: number[] = [];
    const committed = Promise.withResolvers<void>();
    let began = false;
    const consumer = await quick.consume({
      topic: "long",
      group: "g",
      onAssigned: async (assignment) => ({
        onBatch: async () => {
          began = true;
          await held.promise;
          await assignment.commit(1).then(committed.resolve, committed.reject);
        },
        onLost: () => lost.push(assignment.partition),
      }),
    });
    await waitFor(() => began, { what: "the batch" });
    const timer = setTimeout(held.resolve, 4_000); // what the test is about: longer than 1.5 s
    await committed.promise;
    clearTimeout(timer);
    expect(lost).toEqual([]);
    expect((await log.committed("long", "g")).get(0)?.offset).toBe(1);
    await consumer.close();
    await quick.close();
  }, 60_000);

  /** Removes what is before `offset`, as retention does. */
  async function cut(topic: string, offset: number): Promise<void> {
    const admin = new kafkajs.Kafka({
      brokers: [broker.address],
      logLevel: kafkajs.logLevel.NOTHING,
    }).admin();
    await admin.connect();
    await admin.fetchTopicOffsets(topic); // loads the metadata that the next call needs
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(offset) }] });
    await admin.disconnect();
  }

  test("records that are gone before they are read end the consumer with the exact range, until someone accepts it", async () => {
    await log.ensureTopics([
      { name: "cut", partitions: 1, cleanup: "delete" },
      { name: TOPICS.alerts, partitions: 1, cleanup: "delete" },
    ]);
    await log.produce("cut", [record("a", "0"), record("a", "1"), record("a", "2")]);
    const reader = await member("cut");
    await waitFor(async () => (await log.committed("cut", "g")).get(0)?.offset === 3, { what: "the commit" });
    await reader.consumer.close();
    await log.produce("cut", [record("a", "3"), record("a", "4")]);
    await cut("cut", 4);
    const alerting = alertOnLostRange(await openKafkaLog({ brokers: [broker.address] }));
    const where = { topic: "cut", partition: 0, group: "g" };
    const lost = { topic: "cut", partition: 0, from: 3, to: 4, how: "removed" };
    for (const _ of ["at the first start", "and at each one after it"]) {
      const refused = await alerting.consume({
        topic: "cut",
        group: "g",
        onAssigned: async () => ({ onBatch: async () => undefined }),
      });
      await expect(refused.ended).rejects.toMatchObject({ code: "TRIPLINE_STREAM_OUT_OF_RANGE", lost });
      await refused.close();
    }
    expect((await log.committed("cut", "g")).get(0)?.offset).toBe(3);
    const alerts: { id: string; rule: { id: string }; summary: string; group: string }[] = [];
    await log.scan({ topic: TOPICS.alerts, partition: 0, from: 0, to: 2 }, async (records) => {
      for (const { value } of records) alerts.push(JSON.parse(Buffer.from(value ?? []).toString()));
    });
    expect(new Set(alerts.map(({ id }) => id)).size).toBe(1);
    expect(alerts[0]).toMatchObject({ rule: { id: "log-range-lost" }, group: "partition=cut/0" });
    expect(alerts[0]?.summary).toContain("1 record, offsets 3 to 3 of cut/0");

    expect(await findLostRange(log, where)).toEqual(lost);
    await expect(acceptLostRange(log, where, { from: 2, to: 4 })).rejects.toMatchObject({
      message: expect.stringContaining("3 to 3 are lost"),
    });
    await acceptLostRange(log, where, { from: 3, to: 4 });
    expect(await findLostRange(log, where)).toBe(null);
    const accepting = await member("cut");
    await waitFor(() => accepting.records.length === 1, { what: "what is left" });
    expect(accepting.records[0]?.offset).toBe(4);
    await accepting.consumer.close();
    await alerting.close();
  }, 60_000);

  test("retention that overtakes a reader at work: the range is said exactly, and its commit stays as it was", async () => {
    await log.ensureTopics([{ name: "overtaken", partitions: 1, cleanup: "delete" }]);
    await log.produce("overtaken", [record("a", "0")]);
    const hold = Promise.withResolvers<void>();
    const reader = await member("overtaken", hold.promise);
    await waitFor(() => reader.records.length === 1, { what: "the first record" });
    for (const value of ["1", "2", "3"]) await log.produce("overtaken", [record("a", value)]);
    await cut("overtaken", 3);
    hold.resolve();
    await expect(reader.consumer.ended).rejects.toMatchObject({
      lost: { topic: "overtaken", partition: 0, from: 1, to: 3, how: "removed" },
    });
    expect(reader.records).toHaveLength(1);
    expect((await log.committed("overtaken", "g")).get(0)).toEqual({ offset: 1, metadata: "" });
  }, 60_000);

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
