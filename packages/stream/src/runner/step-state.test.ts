import { TriplineError } from "@tripline/events";
import fc from "fast-check";
import { expect, test } from "vitest";
import { waitFor } from "../../../../test/support/wait-for.ts";
import type { Log } from "../log.ts";
import { createMemoryLog } from "../memory/memory-log.ts";
import { runStep } from "./run-step.ts";
import { entriesOf, SegmentBytes } from "./segment-bytes.ts";
import type { PartitionStep } from "./step.ts";
import type { StateEntry, StepState } from "./step-state.ts";

const KEYS = 30;

/** Counts by key, as plainly as can be: a copy of what changed is made when a snapshot begins. */
class Counts implements StepState {
  readonly counts = new Map<string, number>();
  readonly savedIn = new Map<string, number>();
  readonly changed = new Set<string>();
  #last = 0;
  #pending: StateEntry[] = [];

  add(key: string): number {
    const count = (this.counts.get(key) ?? 0) + 1;
    this.changed.add(key);
    if (count < 20) this.counts.set(key, count);
    else this.counts.delete(key); // a removal now and then
    return count;
  }

  begin(keepFrom: number): number {
    this.#last += 1;
    for (const [key, segment] of this.savedIn) if (segment < keepFrom) this.changed.add(key);
    for (const key of this.changed) {
      const count = this.counts.get(key);
      this.#pending.push({ key, value: count === undefined ? null : `${count} ${"ü".repeat(count)}` });
      if (count === undefined) this.savedIn.delete(key);
      else this.savedIn.set(key, this.#last);
    }
    this.changed.clear();
    return this.#last;
  }

  drain(write: (entry: StateEntry) => void, more: () => boolean): boolean {
    for (let entry = this.#pending.pop(); entry !== undefined; entry = this.#pending.pop()) {
      write(entry);
      if (!more()) return false;
    }
    return true;
  }

  live(segment: number): number {
    return [...this.savedIn.values()].filter((each) => each === segment).length;
  }

  load(entries: Iterable<StateEntry & { segment: number }>): void {
    for (const { key, value, segment } of entries) {
      this.#last = Math.max(this.#last, segment);
      if (value === null) continue;
      this.counts.set(key, Number.parseInt(value, 10));
      this.savedIn.set(key, segment);
    }
  }
}

function counting(onRecord: () => void): PartitionStep {
  const state = new Counts();
  return {
    state,
    process: ({ offset, key }) => {
      onRecord();
      const value = Buffer.from(`${offset} ${key} ${state.add(key ?? "")}`);
      return { kind: "emit", records: [{ topic: "out", key: null, value }] };
    },
  };
}

async function newLog(): Promise<Log> {
  const log = createMemoryLog();
  await log.ensureTopics([
    { name: "in", partitions: 1, cleanup: "delete" },
    { name: "out", partitions: 1, cleanup: "delete" },
    { name: "tripline.dead-letters", partitions: 1, cleanup: "delete" },
    { name: "tripline.state", partitions: 1, cleanup: "compact" },
  ]);
  return log;
}

async function storedKeys(log: Log): Promise<string[]> {
  const live = new Set<string>();
  const reader = await log.readTable("tripline.state", ({ key, value }) =>
    value === null ? live.delete(key) : live.add(key),
  );
  await reader.loaded;
  await reader.close();
  return [...live];
}

test("whatever crashes when, segments of several owners together are the state, and few are kept", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(KEYS - 1), { minLength: 1, maxLength: 300 }),
      fc.array(fc.nat(40), { maxLength: 30 }),
      fc.integer({ min: 1, max: 10 }),
      async (keys, crashes, maxBatchRecords) => {
        const log = await newLog();
        await log.produce(
          "in",
          keys.map((key) => ({ key: `k${key}`, value: Buffer.from("x") })),
        );
        for (let run = 0, crashed = true; crashed; run++) {
          let left = crashes[run] ?? Number.POSITIVE_INFINITY;
          const handle = await runStep({
            log,
            name: "step",
            topic: "in",
            snapshotEveryMs: 0,
            snapshotShare: 1,
            commitEveryMs: 0,
            maxBatchRecords,
            open: () =>
              counting(() => {
                if (left-- === 0) throw new Error("crash");
              }),
          });
          const done = async () => (await log.committed("in", "step")).get(0)?.offset === keys.length || null;
          crashed = await Promise.race([
            handle.ended.then(
              () => false,
              () => true,
            ),
            waitFor(done, { what: "the end" }).then(() => false),
          ]);
          await handle.close();
        }
        const counts = new Map<string, number>();
        const expected = keys.map((key, offset) => {
          const count = (counts.get(`k${key}`) ?? 0) + 1;
          counts.set(`k${key}`, count < 20 ? count : 0);
          return `${offset} k${key} ${count}`;
        });
        const emitted = new Set<string>();
        await log.scan(
          { topic: "out", partition: 0, from: 0, to: (await log.offsets("out"))[0]?.next ?? 0 },
          async (records) => {
            for (const { value } of records) emitted.add(Buffer.from(value ?? []).toString());
          },
        );
        expect([...emitted].sort()).toEqual(expected.sort());
        // Whatever the last owner did not need is gone: at most 16 segments of one chunk each.
        expect((await storedKeys(log)).length).toBeLessThanOrEqual(16);
        await log.close();
      },
    ),
    { numRuns: 40 },
  );
});

test("a state that needs what the log can't give now is loaded once it can", async () => {
  const log = await newLog();
  await log.produce("in", [{ key: "a", value: Buffer.from("x") }]);
  const run = (failures: number) => {
    const step = counting(() => undefined);
    const { state } = step;
    if (state === undefined) throw new Error("it has a state");
    let left = failures;
    const load: StepState["load"] = (entries) => {
      if (left-- > 0)
        throw new TriplineError("TRIPLINE_STREAM_UNAVAILABLE", "not now", { kind: "retriable" });
      return state.load(entries);
    };
    const restored: StepState = {
      begin: (from) => state.begin(from),
      drain: (...of) => state.drain(...of),
      live: (segment) => state.live(segment),
      load,
    };
    return runStep({
      ...{ log, name: "step", topic: "in", snapshotEveryMs: 0, snapshotShare: 1, commitEveryMs: 0 },
      open: () => ({ ...step, state: restored }),
    });
  };
  const first = await run(0);
  await waitFor(async () => (await log.offsets("out"))[0]?.next === 1, { what: "the first record" });
  await first.close();
  const second = await run(3);
  await log.produce("in", [{ key: "a", value: Buffer.from("x") }]);
  await waitFor(async () => (await log.offsets("out"))[0]?.next === 2, { what: "the second record" });
  await second.close();
  const counted: string[] = [];
  await log.scan({ topic: "out", partition: 0, from: 0, to: 2 }, async (records) => {
    counted.push(...records.map(({ value }) => Buffer.from(value ?? []).toString()));
  });
  expect(counted).toEqual(["0 a 1", "1 a 2"]);
});

test("entries come back from chunks of any size", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({ key: fc.string({ unit: "binary" }), value: fc.option(fc.string({ unit: "binary" })) }),
      ),
      fc.integer({ min: 1, max: 50 }),
      fc.nat(5),
      (entries, chunkBytes, every) => {
        const bytes = new SegmentBytes(chunkBytes);
        const chunks: Buffer[] = [];
        for (const [index, entry] of entries.entries()) {
          bytes.add(entry);
          if (index % (every + 1) === 0) chunks.push(...bytes.take(false));
        }
        chunks.push(...bytes.take(true));
        for (const chunk of chunks.slice(0, -1)) expect(chunk).toHaveLength(chunkBytes);
        const read = [...entriesOf(Buffer.concat(chunks))];
        const utf8 = (text: string) => Buffer.from(text).toString(); // a lone surrogate does not survive
        expect(read).toEqual(
          entries.map(({ key, value }) => ({ key: utf8(key), value: value === null ? null : utf8(value) })),
        );
      },
    ),
  );
  expect(() => [...entriesOf(Buffer.from([0, 0, 0, 9, 1]))]).toThrowError(/in the middle/);
});

test("records do not wait for a snapshot: they are processed between its slices", async () => {
  const log = await newLog();
  let snapshots = 0;
  let during = 0;
  const slow = new Counts();
  const handle = await runStep({
    log,
    name: "step",
    topic: "in",
    snapshotEveryMs: 0,
    snapshotShare: 1,
    commitEveryMs: 0,
    open: () => ({
      process: () => {
        if (snapshots >= 2) during++;
        return { kind: "skip", reason: "counted" };
      },
      state: {
        begin: (keepFrom) => {
          snapshots++;
          return slow.begin(keepFrom);
        },
        // The second snapshot does not end before five records are processed; the first one, of an almost empty state, is waited for.
        drain: () => snapshots < 2 || during >= 5,
        live: (segment) => slow.live(segment),
        load: (entries) => slow.load(entries),
      },
    }),
  });
  await log.produce("in", [{ key: "a", value: Buffer.from("x") }]);
  await waitFor(
    async () => {
      await log.produce("in", [{ key: "a", value: Buffer.from("x") }]);
      return during >= 5;
    },
    { what: "records that are processed during a snapshot" },
  );
  await handle.close();
});
