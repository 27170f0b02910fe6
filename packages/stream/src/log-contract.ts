import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { waitFor } from "../../../test/support/wait-for.ts";
import type { Assignment, Log, LogRecord, NewRecord, PartitionReader, TableEntry, TopicSpec } from "./log.ts";
import { partitionOf } from "./partitioner.ts";

/** How the suite gets its log. Topics get a name of their own for each test, so that one broker serves them all. */
export interface ContractSubject {
  open(): Promise<{ log: Log; done(): Promise<void> }>;
  /** Runs of a property; small where each one costs round trips. */
  propertyRuns: number;
}

let topicCount = 0;
const text = (record: { value: Uint8Array | null }) =>
  record.value === null ? null : Buffer.from(record.value).toString();
const record = (key: string | null, value: string | null): NewRecord => ({
  key,
  value: value === null ? null : Buffer.from(value),
});

/** What every implementation of the port promises. Call it inside a test file; it registers its tests. */
export function logContract(name: string, subject: ContractSubject): void {
  describe(`${name} keeps the log contract`, () => {
    let log: Log;
    let done: () => Promise<void>;
    beforeEach(async () => {
      ({ log, done } = await subject.open());
    });
    afterEach(() => done());

    async function topic(spec: Partial<TopicSpec> = {}): Promise<string> {
      const topicName = `contract-${process.pid}-${Date.now()}-${topicCount++}`;
      await log.ensureTopics([{ name: topicName, partitions: 1, cleanup: "delete", ...spec }]);
      return topicName;
    }

    /** Consumes into an array until closed. */
    async function collect(topicName: string, group: string, reader: Partial<PartitionReader> = {}) {
      const records: LogRecord[] = [];
      const assignments: Assignment[] = [];
      const consumer = await log.consume({
        topic: topicName,
        group,
        onAssigned: async (assignment) => {
          assignments.push(assignment);
          return {
            onBatch: async (batch) => {
              records.push(...batch);
            },
            ...reader,
          };
        },
      });
      return { consumer, records, assignments };
    }

    test("the groups of a topic are those that have committed there", async () => {
      const name = await topic();
      await log.produce(name, [record("a", "1")]);
      const { consumer, assignments } = await collect(name, `${name}-committed`);
      const idle = await collect(name, `${name}-idle`);
      await waitFor(() => assignments.length + idle.assignments.length === 2);
      await assignments[0]?.commit(1);
      if (log.groups !== undefined) expect(await log.groups(name)).toEqual([`${name}-committed`]);
      expect((await log.committed(name, `${name}-committed`)).get(0)?.offset).toBe(1);
      await Promise.all([consumer.close(), idle.consumer.close()]);
    });

    test("a scan hands out exactly its range, beside the groups, and refuses what the log has not", async () => {
      const name = await topic({ partitions: 2 });
      const written = Array.from({ length: 25 }, (_, n) => ({
        key: null,
        value: Buffer.from(`${n}`),
        partition: 1,
      }));
      await log.produce(name, written);
      const batches: string[][] = [];
      const range = { topic: name, partition: 1, from: 3, to: 20, maxBatchRecords: 7 };
      await log.scan(range, async (records) => {
        batches.push(records.map((one) => `${one.offset}=${text(one)}`));
      });
      expect(batches.flat()).toEqual(Array.from({ length: 17 }, (_, n) => `${n + 3}=${n + 3}`));
      expect(Math.max(...batches.map((batch) => batch.length))).toBeLessThanOrEqual(7);
      const nothing = async () => undefined;
      await log.scan({ ...range, from: 25, to: 25 }, nothing);
      for (const wrong of [{ to: 26 }, { partition: 2 }, { from: 21, to: 20 }, { from: -1 }]) {
        await expect(log.scan({ ...range, ...wrong }, nothing)).rejects.toMatchObject({
          code: "TRIPLINE_STREAM_OUT_OF_RANGE",
        });
      }
      const failing = log.scan(range, () => Promise.reject(new Error("the tool gave up")));
      await expect(failing).rejects.toThrow("the tool gave up");
      const table = await topic({ cleanup: "compact" });
      await expect(log.scan({ ...range, topic: table }, nothing)).rejects.toMatchObject({
        code: "TRIPLINE_STREAM_CONFIG",
      });
    });

    test("produced records are read back in order with keys, headers and dense offsets", async () => {
      const name = await topic();
      const positions = await log.produce(name, [
        { ...record("a", "1"), headers: { ce_type: "x", ü: "ö" } },
        record(null, "2"),
        record("b", ""),
      ]);
      expect(positions.map(({ offset }) => offset)).toEqual([0, 1, 2]);
      const { consumer, records } = await collect(name, "g");
      await waitFor(() => records.length === 3, { what: "three records" });
      expect(records.map((r) => [r.offset, r.key, text(r), { ...r.headers }])).toEqual([
        [0, "a", "1", { ce_type: "x", ü: "ö" }],
        [1, null, "2", {}],
        [2, "b", "", {}],
      ]);
      expect(records.every((r) => r.topic === name && Math.abs(r.appendTime - Date.now()) < 60_000)).toBe(
        true,
      );
      await consumer.close();
      await consumer.ended;
    });

    test("calls made without waiting keep their order, and each key its partition", async () => {
      const name = await topic({ partitions: 3 });
      const run = fc.asyncProperty(
        fc.array(fc.array(fc.constantFrom("a", "b", "c", "d"), { minLength: 1, maxLength: 5 }), {
          maxLength: 20,
        }),
        async (calls) => {
          const before = await log.offsets(name);
          let n = 0;
          const sent = calls.map((keys) => keys.map((key) => ({ key, value: `${n++}` })));
          const all = await Promise.all(
            sent.map((call) =>
              log.produce(
                name,
                call.map(({ key, value }) => record(key, value)),
              ),
            ),
          );
          const next = new Map(before.map((bounds) => [bounds.partition, bounds.next]));
          for (const [i, call] of sent.entries()) {
            for (const [j, { key }] of call.entries()) {
              const position = all[i]?.[j];
              expect(position?.partition).toBe(partitionOf(key, 3));
              expect(position?.offset).toBe(next.get(partitionOf(key, 3)));
              next.set(partitionOf(key, 3), (position?.offset ?? 0) + 1);
            }
          }
        },
      );
      await fc.assert(run, { numRuns: subject.propertyRuns });
      const { consumer, records } = await collect(name, "g");
      const total = (await log.offsets(name)).reduce((sum, { next }) => sum + next, 0);
      await waitFor(() => records.length === total, { what: "all records" });
      const positions = new Map<number, number>();
      for (const { partition, offset } of records) {
        expect(offset).toBe(positions.get(partition) ?? 0);
        positions.set(partition, offset + 1);
      }
      await consumer.close();
    });

    test("append time never falls within a partition", async () => {
      const name = await topic();
      for (let i = 0; i < 5; i++) await log.produce(name, [record("k", `${i}`)]);
      const { consumer, records } = await collect(name, "g");
      await waitFor(() => records.length === 5, { what: "five records" });
      const times = records.map((r) => r.appendTime);
      expect(times).toEqual([...times].sort((a, b) => a - b));
      await consumer.close();
    });

    test("a named partition is obeyed, one that does not exist is refused", async () => {
      const name = await topic({ partitions: 2 });
      const [position] = await log.produce(name, [{ ...record("a", "1"), partition: 1 }]);
      expect(position).toEqual({ partition: 1, offset: 0 });
      await expect(log.produce(name, [{ ...record("a", "1"), partition: 2 }])).rejects.toMatchObject({
        code: "TRIPLINE_STREAM_RECORD_INVALID",
      });
    });

    test("a reader gets what is produced later, and several groups each get everything", async () => {
      const name = await topic();
      const one = await collect(name, "one");
      const two = await collect(name, "two");
      await waitFor(() => one.assignments.length === 1 && two.assignments.length === 1, {
        what: "assignments",
      });
      await log.produce(name, [record("a", "later")]);
      await waitFor(() => one.records.length === 1 && two.records.length === 1, {
        what: "the record in both groups",
      });
      await one.consumer.close();
      await two.consumer.close();
    });

    test("a committed offset and its metadata are where the next owner starts", async () => {
      const name = await topic();
      await log.produce(name, [record("a", "0"), record("a", "1"), record("a", "2")]);
      const first = await collect(name, "g");
      await waitFor(() => first.records.length === 3, { what: "three records" });
      expect(first.assignments[0]).toMatchObject({ topic: name, partition: 0, committed: null, earliest: 0 });
      await first.assignments[0]?.commit(2, '{"epoch":"ü"}');
      expect(await log.committed(name, "g")).toEqual(
        new Map([[0, { offset: 2, metadata: '{"epoch":"ü"}' }]]),
      );
      expect(await log.committed(name, "other")).toEqual(new Map());
      await first.consumer.close();

      const second = await collect(name, "g");
      await waitFor(() => second.records.length > 0, { what: "the rest" });
      expect(second.assignments[0]?.committed).toEqual({ offset: 2, metadata: '{"epoch":"ü"}' });
      expect(second.records.map(text)).toEqual(["2"]);
      await second.consumer.close();
    });

    test("a commit after the consumer closed is refused, one while it closes is taken", async () => {
      const name = await topic();
      let assignment: Assignment | undefined;
      const lost: string[] = [];
      const consumer = await log.consume({
        topic: name,
        group: "g",
        onAssigned: async (given) => {
          assignment = given;
          return {
            onBatch: () => Promise.resolve(),
            onClosing: () => given.commit(0, "closing"),
            onLost: () => lost.push("lost"),
          };
        },
      });
      await waitFor(() => assignment, { what: "an assignment" });
      await consumer.close();
      await consumer.ended;
      expect(assignment?.signal.aborted).toBe(true);
      expect(lost).toEqual(["lost"]);
      expect((await log.committed(name, "g")).get(0)).toEqual({ offset: 0, metadata: "closing" });
      await expect(assignment?.commit(0, "late")).rejects.toMatchObject({
        code: "TRIPLINE_STREAM_ASSIGNMENT_LOST",
      });
      expect((await log.committed(name, "g")).get(0)?.metadata).toBe("closing");
    });

    test("metadata above 4 KiB is refused", async () => {
      const name = await topic();
      const { consumer, assignments } = await collect(name, "g");
      await waitFor(() => assignments.length === 1, { what: "an assignment" });
      await assignments[0]?.commit(0, "x".repeat(4096));
      await expect(assignments[0]?.commit(0, "x".repeat(4097))).rejects.toMatchObject({
        code: "TRIPLINE_STREAM_METADATA_TOO_LARGE",
      });
      await consumer.close();
    });

    test("startAt overrules the committed offset; one that is not in the log ends the consumer", async () => {
      const name = await topic();
      await log.produce(name, [record("a", "0"), record("a", "1"), record("a", "2")]);
      const back = await collect(name, "g", { startAt: 1 });
      await waitFor(() => back.records.length === 2, { what: "two records" });
      expect(back.records.map(text)).toEqual(["1", "2"]);
      await back.consumer.close();
      const beyond = await collect(name, "g2", { startAt: 9 });
      await expect(beyond.consumer.ended).rejects.toMatchObject({ code: "TRIPLINE_STREAM_OUT_OF_RANGE" });
      await beyond.consumer.close();
    });

    test("batches are bounded by records and by bytes, and come one at a time", async () => {
      const name = await topic();
      await log.produce(
        name,
        Array.from({ length: 10 }, (_, i) => record("a", `${i}`.repeat(100))),
      );
      const sizes: number[] = [];
      let running = 0;
      const consumer = await log.consume({
        topic: name,
        group: "g",
        maxBatchRecords: 4,
        maxBatchBytes: 250,
        onAssigned: async () => ({
          onBatch: async (batch) => {
            expect(++running).toBe(1);
            await new Promise((resolve) => setImmediate(resolve));
            sizes.push(batch.length);
            running--;
          },
        }),
      });
      await waitFor(() => sizes.reduce((a, b) => a + b, 0) === 10, { what: "ten records" });
      expect(Math.max(...sizes)).toBeLessThanOrEqual(3);
      await consumer.close();
    });

    test("a reader that takes large batches gets them", async () => {
      const name = await topic();
      const value = "x".repeat(500_000);
      for (let i = 0; i < 5; i++) await log.produce(name, [record("a", value)]);
      const sizes: number[] = [];
      const consumer = await log.consume({
        topic: name,
        group: "g",
        maxBatchBytes: 12 * 1024 * 1024,
        onAssigned: async () => ({
          onBatch: async (batch) => {
            sizes.push(batch.length);
          },
        }),
      });
      await waitFor(() => sizes.reduce((a, b) => a + b, 0) === 5, { what: "five records" });
      expect(sizes).toEqual([5]);
      await consumer.close();
    });

    test("a reader's error ends the consumer, and another one takes over", async () => {
      const name = await topic();
      await log.produce(name, [record("a", "1")]);
      const failing = await collect(name, "g", { onBatch: () => Promise.reject(new Error("boom")) });
      await expect(failing.consumer.ended).rejects.toThrow("boom");
      await failing.consumer.close();
      const next = await collect(name, "g");
      await waitFor(() => next.records.length === 1, { what: "the record again" });
      await next.consumer.close();
    });

    test("a second member of a group steps in when the first leaves", async () => {
      const name = await topic();
      const first = await collect(name, "g");
      await waitFor(() => first.assignments.length > 0, { what: "an assignment" });
      const second = await collect(name, "g");
      await first.consumer.close();
      await log.produce(name, [record("a", "1")]);
      await waitFor(() => second.records.length === 1, { what: "the record" });
      await second.consumer.close();
    });

    test("ensureTopics is idempotent and refuses another shape", async () => {
      const name = await topic({ partitions: 2, retentionMs: 3_600_000 });
      await log.ensureTopics([{ name, partitions: 2, cleanup: "delete", retentionMs: 3_600_000 }]);
      expect(await log.partitionCount(name)).toBe(2);
      const refused = { code: "TRIPLINE_STREAM_TOPIC_MISMATCH" };
      await expect(log.ensureTopics([{ name, partitions: 3, cleanup: "delete" }])).rejects.toMatchObject(
        refused,
      );
      await expect(log.ensureTopics([{ name, partitions: 2, cleanup: "compact" }])).rejects.toMatchObject(
        refused,
      );
    });

    test("a topic that was not created is refused, never made", async () => {
      const unknown = { code: "TRIPLINE_STREAM_TOPIC_UNKNOWN" };
      await expect(log.produce("contract-no-such-topic", [record("a", "1")])).rejects.toMatchObject(unknown);
      await expect(log.partitionCount("contract-no-such-topic")).rejects.toMatchObject(unknown);
      await expect(
        log.consume({
          topic: "contract-no-such-topic",
          group: "g",
          onAssigned: () => Promise.reject(new Error("no")),
        }),
      ).rejects.toMatchObject(unknown);
    });

    test("records that a topic can't take are refused", async () => {
      const plain = await topic();
      const table = await topic({ cleanup: "compact" });
      const invalid = { code: "TRIPLINE_STREAM_RECORD_INVALID" };
      await expect(log.produce(plain, [record("a", null)])).rejects.toMatchObject(invalid);
      await expect(log.produce(table, [record(null, "1")])).rejects.toMatchObject(invalid);
      await expect(
        log.produce(plain, [{ key: "a", value: new Uint8Array(1_000_001) }]),
      ).rejects.toMatchObject({
        code: "TRIPLINE_STREAM_RECORD_TOO_LARGE",
      });
      await log.produce(plain, [{ key: "a", value: new Uint8Array(512 * 1024) }]);
    });

    test("a table reader sees what was there, says so, and follows, whatever others read", async () => {
      const name = await topic({ cleanup: "compact", partitions: 3 });
      await log.produce(name, [
        record("a", "1"),
        record("b", "1"),
        record("c", "1"),
        record("a", "2"),
        record("b", null),
      ]);
      const readers = await Promise.all(
        [1, 2].map(async () => {
          const table = new Map<string, string | null>();
          const reader = await log.readTable(name, ({ key, value }: TableEntry) =>
            table.set(key, text({ value })),
          );
          return { table, reader };
        }),
      );
      for (const { reader, table } of readers) {
        await reader.loaded;
        expect(Object.fromEntries(table)).toMatchObject({ a: "2", c: "1" });
        expect(table.get("b") ?? null).toBe(null);
      }
      await log.produce(name, [record("d", "3"), record("a", null)]);
      for (const { reader, table } of readers) {
        await waitFor(() => table.get("d") === "3" && table.get("a") === null, { what: "the news" });
        await reader.close();
        await reader.ended;
      }
    });

    test("a follower hears what is appended to any partition from then on, and nothing older", async () => {
      const name = await topic({ partitions: 3 });
      await log.produce(name, [record("a", "old"), record("b", "old"), record("c", "old")]);
      const heard: string[] = [];
      const reader = await log.follow(name, ({ key, value }) => heard.push(`${key} ${text({ value })}`));
      await reader.loaded;
      await log.produce(name, [record("a", "1"), record("b", "1")]);
      await log.produce(name, [record("c", "1"), record("a", "2")]);
      await waitFor(() => heard.length >= 4, { what: "the news" });
      expect(heard.filter((each) => each.startsWith("a"))).toEqual(["a 1", "a 2"]);
      expect(heard.toSorted()).toEqual(["a 1", "a 2", "b 1", "c 1"]);
      await reader.close();
      await reader.ended;
      const compacted = await topic({ cleanup: "compact" });
      await expect(log.follow(compacted, () => undefined)).rejects.toMatchObject({
        code: "TRIPLINE_STREAM_CONFIG",
      });
    });

    test("an empty table is loaded at once, and an error of its reader ends it", async () => {
      const name = await topic({ cleanup: "compact" });
      const reader = await log.readTable(name, () => {
        throw new Error("boom");
      });
      await reader.loaded;
      await log.produce(name, [record("a", "1")]);
      await expect(reader.ended).rejects.toThrow("boom");
      await reader.close();
    });

    test("compaction is a map: a table reader ends with the last value of each key", async () => {
      const name = await topic({ cleanup: "compact", partitions: 2 });
      const expected = new Map<string, string | null>();
      const writes = fc.array(fc.tuple(fc.constantFrom("a", "b", "c", "d", "e"), fc.option(fc.string())), {
        minLength: 1,
        maxLength: 30,
      });
      await fc.assert(
        fc.asyncProperty(fc.array(writes, { minLength: 1, maxLength: 4 }), async (calls) => {
          await Promise.all(
            calls.map((call) =>
              log.produce(
                name,
                call.map(([key, value]) => record(key, value)),
              ),
            ),
          );
          for (const [key, value] of calls.flat()) expected.set(key, value);
          const table = new Map<string, string | null>();
          const reader = await log.readTable(name, ({ key, value }) => table.set(key, text({ value })));
          await reader.loaded;
          await reader.close();
          expect(Object.fromEntries(table)).toEqual(Object.fromEntries(expected));
        }),
        { numRuns: Math.ceil(subject.propertyRuns / 5) },
      );
    });

    test("it answers a ping, and says so when it is closed", async () => {
      await log.ping();
      expect(log.generation).toMatch(/^[a-z]+-[A-Za-z0-9_-]+$/);
      const name = await topic();
      await log.close();
      const closed = { code: "TRIPLINE_STREAM_CLOSED" };
      await expect(log.produce(name, [record("a", "1")])).rejects.toMatchObject(closed);
      await expect(log.ping()).rejects.toMatchObject(closed);
    });
  });
}
