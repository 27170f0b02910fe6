import { TriplineError } from "@tripline/events";
import fc from "fast-check";
import { expect, test } from "vitest";
import { waitFor } from "../../../../test/support/wait-for.ts";
import type { Log, NewRecord } from "../log.ts";
import { createMemoryLog } from "../memory/memory-log.ts";
import type { RunnerHandle } from "./hooks.ts";
import { runStep, type StepOptions } from "./run-step.ts";
import type { PartitionStep } from "./step.ts";

const text = (value: Uint8Array | null) => Buffer.from(value ?? []).toString();
const record = (key: string, value: string): NewRecord => ({ key, value: Buffer.from(value) });

async function newLog(partitions = 1): Promise<Log> {
  const log = createMemoryLog();
  await log.ensureTopics([
    { name: "in", partitions, cleanup: "delete" },
    { name: "out", partitions: 1, cleanup: "delete" },
    { name: "tripline.dead-letters", partitions: 1, cleanup: "delete" },
    { name: "tripline.state", partitions: 1, cleanup: "compact" },
  ]);
  return log;
}

async function all(log: Log, topic: string) {
  const found: { key: string | null; value: string; headers: Record<string, string> }[] = [];
  const total = (await log.offsets(topic)).reduce((sum, { next }) => sum + next, 0);
  const consumer = await log.consume({
    topic,
    group: `all-${Math.random()}`,
    onAssigned: async () => ({
      onBatch: async (batch) => {
        for (const { key, value, headers } of batch)
          found.push({ key, value: text(value), headers: { ...headers } });
      },
    }),
  });
  await waitFor(() => found.length === total, { what: `all of ${topic}` });
  await consumer.close();
  return found;
}

/** Emits `offset:count`; its state is the count. */
function counter(onRecord: (offset: number) => void = () => undefined): PartitionStep {
  let count = 0;
  return {
    process: ({ partition, offset, key }) => {
      onRecord(offset);
      count++;
      return {
        kind: "emit",
        records: [{ topic: "out", ...record(key ?? "", `${partition}/${offset}:${count}`) }],
      };
    },
    snapshot: () => Buffer.from(String(count)),
    restore: (bytes) => {
      count = Number(text(bytes));
    },
  };
}

const caughtUp = (handle: RunnerHandle) =>
  waitFor(async () => (await handle.lag()).every(({ lag }) => lag === 0), { what: "no lag" });

test("emits, skips and rejects end up where they belong, before the offset is committed", async () => {
  const log = await newLog();
  const outcomes: string[] = [];
  const handle = await runStep({
    log,
    name: "step",
    topic: "in",
    hooks: { onOutcome: ({ kind, reason }) => outcomes.push(`${kind} ${reason ?? ""}`) },
    open: () => ({
      process: ({ value, key }) => {
        if (text(value) === "poison") throw new TriplineError("TRIPLINE_RECORD_INVALID", "not a record");
        if (text(value) === "skip") return { kind: "skip", reason: "not_mine" };
        if (text(value) === "reject") return { kind: "reject", reason: "no_use" };
        return { kind: "emit", records: [{ topic: "out", ...record(key ?? "", "out") }] };
      },
    }),
  });
  await log.produce("in", [
    record("a", "emit"),
    record("b", "skip"),
    { ...record("c", "poison"), headers: { ce_type: "x" } },
    record("d", "reject"),
  ]);
  await caughtUp(handle);
  expect((await all(log, "out")).map(({ key }) => key)).toEqual(["a"]);
  const origin = { dead_letter_step: "step", dead_letter_topic: "in", dead_letter_partition: "0" };
  expect(await all(log, "tripline.dead-letters")).toEqual([
    {
      key: "c",
      value: "poison",
      headers: {
        ce_type: "x",
        ...origin,
        dead_letter_offset: "2",
        dead_letter_reason: "TRIPLINE_RECORD_INVALID",
      },
    },
    {
      key: "d",
      value: "reject",
      headers: { ...origin, dead_letter_offset: "3", dead_letter_reason: "no_use" },
    },
  ]);
  expect(outcomes.sort()).toEqual([
    "emit ",
    "reject TRIPLINE_RECORD_INVALID",
    "reject no_use",
    "skip not_mine",
  ]);
  await handle.close();
  await handle.ended;
  expect(handle.health()).toEqual({ state: "stopped" });
});

test("an unknown error ends the runner, commits nothing of the batch, and says so", async () => {
  const log = await newLog();
  await log.produce("in", [record("a", "1"), record("a", "2")]);
  const handle = await runStep({
    log,
    name: "step",
    topic: "in",
    open: () =>
      counter((offset) => {
        if (offset === 1) throw new Error("bug");
      }),
  });
  await expect(handle.ended).rejects.toThrow("bug");
  expect(handle.health()).toEqual({ state: "failed", detail: "Error: bug" });
  expect(await log.committed("in", "step")).toEqual(new Map());
  expect(await all(log, "out")).toEqual([]);
});

test("a log that can't take records now is waited for, and shows in health; closing does not wait for it", async () => {
  const log = await newLog();
  await log.produce("in", [record("a", "1")]);
  let down = true;
  const flaky: Log = Object.create(log, {
    produce: {
      value: (topic: string, records: NewRecord[]) =>
        down && topic === "out"
          ? Promise.reject(new TriplineError("TRIPLINE_STREAM_FULL", "full", { kind: "retriable" }))
          : log.produce(topic, records),
    },
    consume: { value: log.consume.bind(log) },
    offsets: { value: log.offsets.bind(log) },
    committed: { value: log.committed.bind(log) },
    readTable: { value: log.readTable.bind(log) },
  });
  const start = () => runStep({ log: flaky, name: "step", topic: "in", open: () => counter() });
  const stuck = await start();
  await waitFor(() => stuck.health().state === "degraded", { what: "a degraded runner" });
  expect(stuck.health().detail).toMatch(/producing to out: TRIPLINE_STREAM_FULL/);
  await stuck.close();
  expect(await log.committed("in", "step")).toEqual(new Map());
  const handle = await start();
  await waitFor(() => handle.health().state === "degraded", { what: "a degraded runner" });
  down = false;
  await caughtUp(handle);
  expect(handle.health()).toEqual({ state: "ready" });
  expect((await all(log, "out")).map(({ value }) => value)).toEqual(["0/0:1"]);
  await handle.close();
});

test("a step that is asked again after a retriable error of its own goes on with the same record", async () => {
  const log = await newLog();
  await log.produce("in", [record("a", "1"), record("a", "2")]);
  let failures = 2;
  const seen: number[] = [];
  const handle = await runStep({
    log,
    name: "step",
    topic: "in",
    open: () => ({
      process: async ({ offset }) => {
        if (offset === 0 && failures-- > 0)
          throw new TriplineError("TRIPLINE_X", "later", { kind: "retriable" });
        seen.push(offset);
        return { kind: "skip", reason: "seen" };
      },
    }),
  });
  await waitFor(() => seen.length === 2, { what: "both records" });
  expect(seen).toEqual([0, 1]);
  await handle.close();
});

test("a restart continues with the state; replayed records rebuild it without emitting again", async () => {
  const log = await newLog();
  const options: StepOptions = {
    log,
    name: "step",
    topic: "in",
    snapshotEveryMs: 1e9,
    commitEveryMs: 0,
    open: () => counter(),
  };
  let handle = await runStep(options);
  await log.produce("in", [record("a", "1"), record("a", "2")]);
  await caughtUp(handle);
  await handle.close(); // snapshot at 2
  let crash = false;
  const first = await runStep({
    ...options,
    open: () =>
      counter(() => {
        if (crash) throw new Error("crash");
      }),
  });
  await log.produce("in", [record("a", "3")]);
  await caughtUp(first);
  crash = true;
  await log.produce("in", [record("a", "4")]);
  await expect(first.ended).rejects.toThrow("crash"); // committed 3, snapshot still at 2
  handle = await runStep(options);
  await caughtUp(handle);
  await handle.close();
  expect((await all(log, "out")).map(({ value }) => value)).toEqual(["0/0:1", "0/1:2", "0/2:3", "0/3:4"]);
});

test("a state that takes long to write is written less often", async () => {
  const log = await newLog();
  const snapshots: number[] = [];
  const slow = counter();
  const handle = await runStep({
    log,
    name: "step",
    topic: "in",
    snapshotEveryMs: 0,
    snapshotShare: 0.001,
    commitEveryMs: 0,
    hooks: { onSnapshot: ({ seconds }) => snapshots.push(seconds) },
    open: () => ({
      ...slow,
      snapshot: () => {
        const until = performance.now() + 20;
        while (performance.now() < until); // holds the partition up: the next one is due in 20 s
        return slow.snapshot?.() ?? new Uint8Array();
      },
    }),
  });
  for (let batch = 0; batch < 5; batch++) {
    await log.produce("in", [record("a", "x")]);
    await caughtUp(handle);
  }
  expect(snapshots).toHaveLength(1);
  await handle.close();
  expect(snapshots).toHaveLength(2);
});

test("whatever crashes when, each record is emitted with the state that it should have", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        records: fc.array(fc.constantFrom("a", "b", "c", "d"), { minLength: 1, maxLength: 40 }),
        crashes: fc.array(fc.nat(60), { maxLength: 4 }),
        snapshotEveryMs: fc.constantFrom(0, 1e9),
        commitEveryMs: fc.constantFrom(0, 1e9),
        maxBatchRecords: fc.integer({ min: 1, max: 10 }),
      }),
      async ({ records, crashes, ...pace }) => {
        const log = await newLog(2);
        await log.produce(
          "in",
          records.map((key) => record(key, "x")),
        );
        for (let run = 0; ; run++) {
          let left = crashes[run] ?? Number.POSITIVE_INFINITY;
          const seen = new Set<string>();
          const handle = await runStep({
            log,
            name: "step",
            topic: "in",
            ...pace,
            snapshotShare: 1,
            open: ({ partition }) =>
              counter((offset) => {
                if (left-- === 0) throw new Error("crash");
                seen.add(`${partition}/${offset}`);
              }),
          });
          const ends = await log.offsets("in");
          const done = async () => {
            const committed = await log.committed("in", "step");
            return ends.every(
              ({ partition, next }) =>
                next === 0 ||
                seen.has(`${partition}/${next - 1}`) ||
                committed.get(partition)?.offset === next,
            );
          };
          const crashed = handle.ended.then(
            () => false,
            () => true,
          );
          await Promise.race([crashed, waitFor(done, { what: "the last records" })]);
          await handle.close();
          if (!(await crashed)) break;
        }
        const emitted = new Set((await all(log, "out")).map(({ value }) => value));
        const expected = (await log.offsets("in")).flatMap(({ partition, next }) =>
          Array.from({ length: next }, (_, offset) => `${partition}/${offset}:${offset + 1}`),
        );
        expect([...emitted].sort()).toEqual(expected.sort());
        await log.close();
      },
    ),
    { numRuns: 40 },
  );
});

test("a large state is chunked, an earlier owner's is cleaned away, and a torn one is never used", async () => {
  const log = await newLog();
  const big = (marker: number): PartitionStep => ({
    process: () => ({ kind: "skip", reason: "state_only" }),
    snapshot: () => Buffer.alloc(1_300_000, marker),
    restore: (bytes) => restored.push(bytes.byteLength, bytes[0] ?? 0),
  });
  const restored: number[] = [];
  const keys = async () => {
    const live = new Set<string>();
    const reader = await log.readTable("tripline.state", ({ key, value }) =>
      value === null ? live.delete(key) : live.add(key),
    );
    await reader.loaded;
    await reader.close();
    return [...live];
  };
  for (const marker of [1, 2]) {
    await log.produce("in", [record("a", "x")]);
    const handle = await runStep({
      log,
      name: "step",
      topic: "in",
      commitEveryMs: 0,
      open: () => big(marker),
    });
    await caughtUp(handle);
    await handle.close();
    expect((await keys()).length).toBe(4);
  }
  expect(restored).toEqual([1_300_000, 1]);
  const [some] = await keys();
  await log.produce("tripline.state", [{ key: some ?? "", value: Buffer.from("torn") }]);
  const torn = await runStep({ log, name: "step", topic: "in", open: () => big(3) });
  await expect(torn.ended).rejects.toMatchObject({ code: "TRIPLINE_STREAM_STATE_MISSING" });
});

test("a commit that names a state of another version is said; the step goes on from there without state", async () => {
  const log = await newLog();
  await log.produce("in", [record("a", "0"), record("a", "1")]);
  const pointer = { epoch: "0".repeat(32), slot: 0, chunks: 1, position: 1, sha256: "0".repeat(64) };
  const old = await log.consume({
    topic: "in",
    group: "step",
    onAssigned: async (assignment) => ({ onBatch: () => assignment.commit(1, JSON.stringify(pointer)) }),
  });
  await waitFor(async () => (await log.committed("in", "step")).get(0)?.offset === 1, { what: "the commit" });
  await old.close();
  const warnings: string[] = [];
  const handle = await runStep({
    log,
    name: "step",
    topic: "in",
    logger: { info: () => undefined, warn: (_, message) => warnings.push(message) },
    open: () => counter(),
  });
  await caughtUp(handle);
  await handle.close();
  expect((await all(log, "out")).map(({ value }) => value)).toEqual(["0/1:1"]);
  expect(warnings).toEqual([expect.stringContaining("no state of this version")]);
});

test("what is of use only now is written, and holds nothing up where it can't be", async () => {
  const memory = await newLog();
  let away = false;
  const log: Log = {
    ...memory,
    generation: memory.generation,
    readTable: (topic, onEntry) => memory.readTable(topic, onEntry),
    offsets: (topic) => memory.offsets(topic),
    partitionCount: (topic) => memory.partitionCount(topic),
    committed: (topic, group) => memory.committed(topic, group),
    consume: (options) => memory.consume(options),
    produce: (topic, records) =>
      away && topic === "out"
        ? Promise.reject(
            new TriplineError("TRIPLINE_STREAM_UNAVAILABLE", "the log is away", { kind: "retriable" }),
          )
        : memory.produce(topic, records),
  };
  const handle = await runStep({
    log,
    name: "step",
    topic: "in",
    commitEveryMs: 0,
    open: () => ({
      process: ({ value }) => ({
        kind: "emit",
        records: [{ topic: "out", passing: true, ...record("k", text(value)) }],
      }),
    }),
  });
  await log.produce("in", [record("a", "1")]);
  await caughtUp(handle);
  away = true;
  await log.produce("in", [record("a", "2")]);
  await caughtUp(handle);
  away = false;
  await log.produce("in", [record("a", "3")]);
  await caughtUp(handle);
  await waitFor(async () => (await log.offsets("out"))[0]?.next === 2, { what: "the other two" });
  expect((await all(log, "out")).map(({ value }) => value)).toEqual(["1", "3"]);
  expect(handle.health()).toMatchObject({ state: "ready" });
  await handle.close();
});
