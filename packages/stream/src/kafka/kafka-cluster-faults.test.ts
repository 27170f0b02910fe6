import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isRetriable } from "@tripline/events";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Cluster, startCluster } from "../../../../infra/kafka/cluster.ts";
import { requirement } from "../../../../test/support/requirements.ts";
import { waitFor } from "../../../../test/support/wait-for.ts";
import type { Consumer, Log, LogRecord } from "../log.ts";
import { connectKafka } from "./connection.ts";
import { openCluster } from "./kafka-cluster.ts";
import { openKafkaLog } from "./kafka-log.ts";

const PORT = 20_170; // six ports: a broker and a controller each
const PARTITIONS = 3;
const KEYS = ["a", "b", "c", "d", "e", "f"];
const PARTITION_NUMBERS = Array.from({ length: PARTITIONS }, (_, partition) => partition);
const text = ({ value }: { value: Uint8Array | null }) => Buffer.from(value ?? []).toString();

describe.skipIf(requirement("kafka").missing)("three brokers, of which one goes", () => {
  const directory = mkdtempSync(join(tmpdir(), "tripline-kafka-cluster-"));
  let cluster: Cluster;
  let log: Log;
  let count = 0;
  let topic = "";
  const consumers: Consumer[] = [];

  beforeAll(async () => {
    cluster = await startCluster({ port: PORT, dataDir: directory });
  }, 300_000);
  afterAll(async () => {
    await cluster?.kill();
    rmSync(directory, { recursive: true });
  });
  beforeEach(async () => {
    log = await openKafkaLog({ brokers: cluster.addresses, sessionTimeoutMs: 6_000 });
    topic = `t-${count++}`;
    await log.ensureTopics([{ name: topic, partitions: PARTITIONS, cleanup: "delete" }]);
    await cluster.whole(topic);
  }, 120_000);
  afterEach(async () => {
    for (const consumer of consumers.splice(0)) await consumer.close();
    await log.close();
  }, 60_000);

  /** Produces numbered records under several keys, each call after the one before, and tries again what failed, in order. */
  function producer() {
    let running = true;
    let n = 0;
    let acknowledged = 0;
    let failures = 0;
    const done = (async () => {
      while (running) {
        const records = KEYS.map((key) => ({ key, value: Buffer.from(`${key}:${n}`) }));
        for (;;) {
          try {
            await log.produce(topic, records);
            break;
          } catch (error) {
            if (!isRetriable(error)) throw error;
            failures += 1;
          }
        }
        n += 1;
        acknowledged = n;
      }
    })();
    done.catch(() => undefined); // whoever stops it hears of it
    return {
      acknowledged: () => acknowledged,
      failures: () => failures,
      stop: async () => {
        running = false;
        await done;
        return acknowledged;
      },
    };
  }

  /** What is in the log, by key, in the order of the log. */
  async function stored(): Promise<Map<string, number[]>> {
    const all = new Map<string, number[]>(KEYS.map((key) => [key, []]));
    for (const { partition, earliest, next } of await log.offsets(topic)) {
      await log.scan({ topic, partition, from: earliest, to: next }, async (records) => {
        for (const record of records) all.get(record.key ?? "")?.push(Number(text(record).split(":")[1]));
      });
    }
    return all;
  }

  /** Nothing lost; in order within a key; written twice only where a call failed and was made again. */
  async function expectWhole(produced: number, failures: number): Promise<void> {
    for (const [key, numbers] of await stored()) {
      const first = numbers.filter((number, at) => numbers.indexOf(number) === at);
      expect(first, `${key}: all of them, in order`).toEqual(Array.from({ length: produced }, (_, i) => i));
      if (failures === 0) expect(numbers.length, `${key}: none twice`).toBe(produced);
      else expect(numbers.length - produced).toBeLessThanOrEqual(failures);
    }
  }

  async function reader() {
    const records: LogRecord[] = [];
    const consumer = await log.consume({
      topic,
      group: `g-${topic}`,
      onAssigned: async (assignment) => ({
        onBatch: async (batch) => {
          records.push(...batch);
          const last = batch.at(-1);
          try {
            if (last !== undefined) await assignment.commit(last.offset + 1);
          } catch (error) {
            if (!isRetriable(error)) throw error; // a later commit covers it
          }
        },
      }),
    });
    consumers.push(consumer);
    return { records, consumer };
  }

  /** How many different records. */
  const read = (records: readonly LogRecord[]): number => new Set(records.map(text)).size;

  async function coordinatorOf(group: string): Promise<number> {
    const own = openCluster(connectKafka({ brokers: cluster.addresses }));
    await own.connect();
    try {
      await own.cluster.refreshMetadata();
      return (await own.cluster.findGroupCoordinatorMetadata({ groupId: group })).coordinator.nodeId;
    } finally {
      await own.disconnect();
    }
  }

  async function afterMore(working: ReturnType<typeof producer>, more: number): Promise<void> {
    const goal = working.acknowledged() + more;
    await waitFor(() => working.acknowledged() >= goal, { timeoutMs: 60_000, what: `${more} more calls` });
  }

  async function expectRead(records: readonly LogRecord[], produced: number): Promise<void> {
    await waitFor(() => read(records) === KEYS.length * produced, {
      timeoutMs: 60_000,
      what: "everything to be read",
    });
    for (const partition of PARTITION_NUMBERS) {
      const offsets = records.filter((record) => record.partition === partition).map(({ offset }) => offset);
      const first = offsets.filter((offset, at) => offsets.indexOf(offset) === at);
      expect(first).toEqual([...first].sort((a, b) => a - b));
    }
  }

  test("kill -9 of a leader under produce and consume: nothing lost, nothing out of order, nothing twice", async () => {
    const { records } = await reader();
    const working = producer();
    await afterMore(working, 50);
    const leader = (await cluster.leaderOf(topic, 0)) ?? 1;
    await cluster.killNode(leader);
    await afterMore(working, 50);
    await cluster.restart(leader);
    await cluster.whole(topic);
    await afterMore(working, 50);
    const produced = await working.stop();
    await expectWhole(produced, working.failures());
    await expectRead(records, produced);
  }, 180_000);

  test.each(["coordinates the readers' group", "does not coordinate the readers' group"])(
    "a leader that is frozen for longer than all timeouts, and %s: others take over, reading goes on, and what it says later counts for nothing",
    async (which) => {
      const { records, consumer } = await reader();
      const working = producer();
      await afterMore(working, 50);
      const coordinator = await coordinatorOf(`g-${topic}`);
      const leaders = await Promise.all(PARTITION_NUMBERS.map((each) => cluster.leaderOf(topic, each)));
      const partition = leaders.findIndex(
        (leader) => (leader === coordinator) === which.startsWith("coordinates"),
      );
      const frozen = leaders[partition] ?? coordinator;
      const troubles = new Set<string>();
      cluster.freeze(frozen);
      try {
        await waitFor(async () => ![null, frozen].includes(await cluster.leaderOf(topic, partition)), {
          timeoutMs: 60_000,
          what: "another leader",
        });
        const more = afterMore(working, 50);
        await waitFor(
          () => {
            const trouble = consumer.trouble?.() ?? null;
            if (trouble !== null) troubles.add(trouble);
            return working.acknowledged() > 100 && read(records) >= KEYS.length * 100;
          },
          { timeoutMs: 40_000, what: "reading to go on while the node is frozen" },
        );
        await more;
      } finally {
        cluster.thaw(frozen);
      }
      expect([...troubles]).not.toEqual([]); // while nothing was read, that was said
      await cluster.whole(topic);
      await afterMore(working, 50);
      const produced = await working.stop();
      await expectWhole(produced, working.failures());
      await expectRead(records, produced);
      expect(consumer.trouble?.()).toBe(null);
    },
    180_000,
  );

  test("one copy of three down: records are taken; two down: refused for now, none of the acknowledged lost", async () => {
    const working = producer();
    await afterMore(working, 20);
    const leader = (await cluster.leaderOf(topic, 0)) ?? 1;
    const others = [1, 2, 3].filter((id) => id !== leader);
    const [first = 1, second = 2] = others;
    await cluster.killNode(first);
    await afterMore(working, 20);
    await working.stop();
    // With two of three gone there is no quorum either; the third would have to acknowledge alone.
    await cluster.killNode(second);
    const before = working.acknowledged();
    await expect(log.produce(topic, [{ key: "a", value: Buffer.from(`a:${before}`) }])).rejects.toMatchObject(
      {
        kind: "retriable",
        code: "TRIPLINE_STREAM_UNAVAILABLE",
      },
    );
    await Promise.all([cluster.restart(first), cluster.restart(second)]);
    await cluster.whole(topic);
    const all = await stored();
    for (const key of KEYS) expect(new Set(all.get(key)).size).toBeGreaterThanOrEqual(before);
  }, 180_000);

  test("offsets are asked of the leader there is now, not of the one that was", async () => {
    await log.produce(topic, [{ key: "a", value: Buffer.from("1"), partition: 2 }]);
    expect((await log.offsets(topic))[2]?.next).toBe(1);
    const leader = (await cluster.leaderOf(topic, 2)) ?? 1;
    await cluster.killNode(leader);
    const bounds = await waitFor(() => log.offsets(topic), { timeoutMs: 30_000, what: "an answer" });
    expect(bounds[2]).toEqual({ partition: 2, earliest: 0, next: 1 });
    await cluster.restart(leader);
  }, 120_000);
});
