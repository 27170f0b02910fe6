import { TriplineError } from "@tripline/events";
import fc from "fast-check";
import { expect, test } from "vitest";
import { waitFor } from "../../../../test/support/wait-for.ts";
import type { Log, LogRecord } from "../log.ts";
import { createMemoryLog } from "../memory/memory-log.ts";
import { runSink } from "./run-sink.ts";
import type { SinkRange } from "./sink.ts";

async function newLog(records: number): Promise<Log> {
  const log = createMemoryLog();
  await log.ensureTopics([
    { name: "in", partitions: 1, cleanup: "delete" },
    { name: "tripline.dead-letters", partitions: 1, cleanup: "delete" },
  ]);
  await log.produce(
    "in",
    Array.from({ length: records }, (_, i) => ({ key: "a", value: Buffer.from(`${i}`) })),
  );
  return log;
}

test("each range is announced before it is written and finished behind it", async () => {
  const log = await newLog(5);
  const seen: unknown[] = [];
  const handle = await runSink({
    log,
    name: "sink",
    topic: "in",
    maxBatchRecords: 3,
    open: () => ({
      write: async (range, records) => {
        const announced = (await log.committed("in", "sink")).get(0);
        seen.push([range.first, range.last, range.again, records.length, announced]);
        return [];
      },
    }),
  });
  await waitFor(() => seen.length === 2, { what: "two ranges" });
  expect(seen).toEqual([
    [0, 2, false, 3, { offset: 0, metadata: '{"first":0,"last":2}' }],
    [3, 4, false, 2, { offset: 3, metadata: '{"first":3,"last":4}' }],
  ]);
  await handle.close();
  expect((await log.committed("in", "sink")).get(0)).toEqual({ offset: 5, metadata: "" });
});

test("what the sink can't use goes to the dead letters before the range is finished", async () => {
  const log = await newLog(3);
  const handle = await runSink({
    log,
    name: "sink",
    topic: "in",
    open: () => ({ write: async () => [{ offset: 1, reason: "not_json" }] }),
  });
  await waitFor(async () => (await handle.lag())[0]?.lag === 0, { what: "no lag" });
  expect((await log.offsets("tripline.dead-letters"))[0]?.next).toBe(1);
  await handle.close();
});

test("a retriable error is tried again with the same range, marked; another one ends the sink with it announced", async () => {
  const log = await newLog(2);
  const attempts: boolean[] = [];
  const failing = await runSink({
    log,
    name: "sink",
    topic: "in",
    open: () => ({
      write: async (range) => {
        attempts.push(range.again);
        if (attempts.length < 3)
          throw new TriplineError("TRIPLINE_STORE_DOWN", "down", { kind: "retriable" });
        throw new TriplineError("TRIPLINE_STORE_SCHEMA", "wrong table");
      },
    }),
  });
  await expect(failing.ended).rejects.toMatchObject({ code: "TRIPLINE_STORE_SCHEMA" });
  expect(attempts).toEqual([false, true, true]);
  expect((await log.committed("in", "sink")).get(0)).toEqual({ offset: 0, metadata: '{"first":0,"last":1}' });
});

test("whatever crashes when, the ranges never overlap: each is written alike each time, and together they are the log", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ size: fc.integer({ min: 1, max: 7 }), writes: fc.nat(4), after: fc.boolean() }), {
        maxLength: 5,
      }),
      fc.integer({ min: 1, max: 40 }),
      async (crashes, total) => {
        const log = await newLog(total);
        const written = new Map<number, { last: number; offsets: string }>();
        const write = (range: SinkRange, records: readonly LogRecord[]) => {
          const entry = { last: range.last, offsets: records.map(({ offset }) => offset).join() };
          expect(written.get(range.first) ?? entry).toEqual(entry);
          written.set(range.first, entry);
        };
        for (const { size, writes, after } of [
          ...crashes,
          { size: 3, writes: Number.POSITIVE_INFINITY, after: false },
        ]) {
          let left = writes;
          const handle = await runSink({
            log,
            name: "sink",
            topic: "in",
            maxBatchRecords: size,
            open: () => ({
              write: async (range, records) => {
                const crash = left-- === 0;
                if (crash && !after) throw new Error("crash before the write");
                write(range, records);
                if (crash) throw new Error("crash behind the write");
                return [];
              },
            }),
          });
          const done = async () => (await log.committed("in", "sink")).get(0)?.offset === total || null;
          await Promise.race([handle.ended.catch(() => undefined), waitFor(done, { what: "the end" })]);
          await handle.close();
        }
        let next = 0;
        for (const [first, { last, offsets }] of [...written].sort(([a], [b]) => a - b)) {
          expect(first).toBe(next);
          expect(offsets).toBe(Array.from({ length: last - first + 1 }, (_, i) => first + i).join());
          next = last + 1;
        }
        expect(next).toBe(total);
        await log.close();
      },
    ),
    { numRuns: 60 },
  );
});

test("a sink that was held up learns before its effect whether the range is still its own", async () => {
  const log = await newLog(4);
  const commits: (string | undefined)[] = [];
  let isLost = false;
  const consume: Log["consume"] = (options) =>
    log.consume({
      ...options,
      onAssigned: (assignment) =>
        options.onAssigned({
          ...assignment,
          commit: async (offset, metadata) => {
            if (isLost) throw new TriplineError("TRIPLINE_STREAM_ASSIGNMENT_LOST", "someone else's");
            commits.push(metadata);
            await assignment.commit(offset, metadata);
          },
        }),
    });
  const effects: string[] = [];
  const run = (confirmAfterMs: number) =>
    runSink({
      log: new Proxy(log, {
        get: (target, name) => {
          if (name === "consume") return consume;
          const value: unknown = Reflect.get(target, name);
          return typeof value === "function" ? value.bind(target) : value;
        },
      }),
      name: "sink",
      topic: "in",
      confirmAfterMs,
      open: () => ({
        write: async (_range, _records, _signal, hold) => {
          await hold.confirm();
          effects.push("its own");
          isLost = true;
          await hold.confirm();
          effects.push("not known to be someone else's yet");
          return [];
        },
      }),
    });
  const held = await run(0);
  await waitFor(() => isLost, { what: "the range" });
  await held.close();
  expect(effects).toEqual(["its own"]);
  // announced, and again before the effect; the range stays announced for whoever comes next
  expect(commits).toEqual(['{"first":0,"last":3}', '{"first":0,"last":3}']);
  expect((await log.committed("in", "sink")).get(0)).toEqual({ offset: 0, metadata: '{"first":0,"last":3}' });
  // A moment after the announcement nobody asks the broker again.
  isLost = false;
  effects.length = 0;
  const quick = await run(60_000);
  await waitFor(() => effects.length === 2, { what: "the range again" });
  await quick.close();
  await log.close();
});
