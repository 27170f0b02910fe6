import { TOPICS } from "@tripline/events";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Log, LogRecord, NewRecord } from "../log.ts";
import { createMemoryLog, type MemoryLog } from "../memory/memory-log.ts";
import { copiedFrom, MARK_HEADERS, replayedFor } from "../runner/marks.ts";
import { triplineTopics } from "../tripline-topics.ts";
import { cutOver, reopen, viewOf } from "./cut-over.ts";
import { openGeneration } from "./generation-log.ts";
import { LogBook } from "./log-book.ts";
import { parseGeneration } from "./names.ts";
import { renamedLog } from "./renamed-log.ts";

const HOUR_MS = 3600_000;
let now = Date.UTC(2026, 0, 1);

async function made(partitions: number): Promise<MemoryLog> {
  const log = createMemoryLog({ now: () => now });
  await log.ensureTopics(triplineTopics(partitions));
  return log;
}

/** A log of another kind, as Kafka is for the embedded one. */
function another(log: Log = createMemoryLog({ now: () => now })): Log {
  return renamedLog(log, "other-1", (topic) => topic);
}

/** The same log with some of its calls changed. */
function changed(log: Log, calls: Partial<Log>): Log {
  return { ...renamedLog(log, log.generation, (topic) => topic), ...calls };
}

async function readAll(log: Log, topic: string): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  for (const { partition, earliest, next } of await log.offsets(topic)) {
    await log.scan({ topic, partition, from: earliest, to: next }, async (batch) => {
      records.push(...batch);
    });
  }
  return records;
}

/** As a service that has worked everything off up to `leave` records before each partition's end. */
async function workedOff(log: Log, topic: string, group: string, leave = 0): Promise<void> {
  const consumer = await log.consume({
    topic,
    group,
    onAssigned: async (assignment) => ({
      onBatch: () => Promise.resolve(),
      onClosing: async () => {
        const own = (await log.offsets(topic))[assignment.partition];
        await assignment.commit(Math.max(own?.earliest ?? 0, (own?.next ?? 0) - leave));
      },
    }),
  });
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  await consumer.close();
}

async function drained(log: MemoryLog): Promise<void> {
  const open = await openGeneration(log, { lookEveryMs: 0 });
  await open.drain();
}

const event = (key: string, n: number): NewRecord => ({
  key,
  value: Buffer.from(`${n}`),
  headers: { ce_type: "call" },
});
const textOf = ({ value }: { value: Uint8Array | null }): string => Buffer.from(value ?? []).toString();

test("each key's records keep their order into any other number of partitions, and all their times", async () => {
  const run = fc.asyncProperty(
    fc.array(fc.array(fc.constantFrom("a", "b", "c", "d", "e", "f"), { minLength: 1, maxLength: 8 }), {
      maxLength: 12,
    }),
    fc.integer({ min: 1, max: 4 }),
    fc.integer({ min: 1, max: 7 }),
    async (calls, before, after) => {
      const source = await made(before);
      let n = 0;
      for (const keys of calls) {
        await source.produce(
          TOPICS.events,
          keys.map((key) => event(key, n++)),
        );
        now += 1000;
      }
      for (const group of ["archiver-events", "detector"]) await workedOff(source, TOPICS.events, group);
      await drained(source);
      const target = another();
      const { to } = await cutOver({ quietMs: 0, source, target, partitions: after });
      expect(to).toBe("other-1");
      const goal = viewOf(target, parseGeneration(to));
      const originals = new Map(
        (await readAll(source, TOPICS.events)).map((record) => [textOf(record), record]),
      );
      const copies = await readAll(goal, TOPICS.events);
      expect(copies.map(textOf).sort()).toEqual([...originals.keys()].sort());
      for (const partition of new Set(copies.map((copy) => copy.partition))) {
        const times = copies
          .filter((copy) => copy.partition === partition)
          .map((copy) => copiedFrom(copy)?.appendTime ?? 0);
        expect(times).toEqual([...times].sort((a, b) => a - b));
      }
      for (const key of ["a", "b", "c", "d", "e", "f"]) {
        const numbers = copies.filter((copy) => copy.key === key).map((copy) => Number(textOf(copy)));
        expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
      }
      for (const copy of copies) {
        const original = originals.get(textOf(copy));
        expect(copiedFrom(copy)).toEqual({
          generation: "memory-1",
          partition: original?.partition,
          offset: original?.offset,
          appendTime: original?.appendTime,
        });
        expect(copy.headers.ce_type).toBe("call");
      }
    },
  );
  await fc.assert(run, { numRuns: 40 });
});

test("what nobody has worked off goes along as new, what one alone has not is for that one, old history stays behind", async () => {
  const source = await made(1);
  await source.produce(TOPICS.events, [event("a", 0)]);
  now += 25 * HOUR_MS;
  await source.produce(
    TOPICS.events,
    [1, 2, 3, 4].map((n) => event("a", n)),
  );
  await workedOff(source, TOPICS.events, "detector", 1);
  await workedOff(source, TOPICS.events, "archiver-events", 2);
  await source.produce(TOPICS.alerts, [{ key: "done", value: Buffer.from("done") }]);
  await workedOff(source, TOPICS.alerts, "responder");
  await workedOff(source, TOPICS.alerts, "archiver-alerts");
  const named = (text: string) => ({ key: text, value: Buffer.from(text) });
  await source.produce(TOPICS.triage, ["folded", "waiting"].map(named));
  await workedOff(source, TOPICS.triage, "responder-incidents", 1);
  await source.produce(TOPICS.incidents, ["told", "untold"].map(named));
  await workedOff(source, TOPICS.incidents, "archiver-incidents");
  await workedOff(source, TOPICS.incidents, "responder-notifier-slack", 1);
  await source.produce(TOPICS.controls, [named("mute")]);
  await source.produce(TOPICS.deadLetters, [
    { key: "a", value: Buffer.from("letter"), headers: { dead_letter_reason: "r" } },
  ]);
  await workedOff(source, TOPICS.deadLetters, "archiver-dead-letters");
  await source.produce(TOPICS.revocations, [
    { key: "r1", value: Buffer.from("old") },
    { key: "r1", value: Buffer.from("live") },
    { key: "r2", value: Buffer.from("gone") },
    { key: "r2", value: null },
  ]);
  await workedOff(source, TOPICS.revocations, "archiver-revocations");
  await source.produce(TOPICS.erasures, [{ key: "acme/1", value: Buffer.from("erased") }]);
  await drained(source);
  const target = another();
  const { to, copies } = await cutOver({
    quietMs: 0,
    source,
    target,
    partitions: 2,
    moreFollowers: [{ topic: TOPICS.incidents, group: "responder-notifier-slack" }],
  });
  const goal = viewOf(target, parseGeneration(to));
  const seen = async (topic: string) =>
    (await readAll(goal, topic)).map((record) => [
      textOf(record),
      copiedFrom(record) === null ? replayedFor(record) : "copy",
    ]);
  expect(await seen(TOPICS.events)).toEqual([
    ["1", "copy"],
    ["2", "copy"],
    ["3", "copy"],
    ["3", "archiver-events"],
    ["4", null],
  ]);
  expect(await seen(TOPICS.alerts)).toEqual([]);
  expect(await seen(TOPICS.triage)).toEqual([
    ["folded", "copy"],
    ["waiting", null],
  ]);
  expect(await seen(TOPICS.incidents)).toEqual([
    ["told", "copy"],
    ["untold", "copy"],
    ["untold", "responder-notifier-slack"],
  ]);
  expect(await seen(TOPICS.deadLetters)).toEqual([["letter", "copy"]]);
  const [replayed] = (await readAll(goal, TOPICS.events)).filter((record) => replayedFor(record) !== null);
  expect(replayed?.headers[MARK_HEADERS.replayOf]).toBe(`memory-1/${TOPICS.events}/0/3`);
  const entries: string[] = [];
  const table = await goal.readTable(TOPICS.revocations, ({ key, value }) =>
    entries.push(`${key}=${textOf({ value })}`),
  );
  await table.loaded;
  await table.close();
  expect(entries).toEqual(["r1=live"]);
  const controls: string[] = [];
  const set = await goal.readTable(TOPICS.controls, ({ key }) => controls.push(key));
  await set.loaded;
  await set.close();
  expect(controls).toEqual(["mute"]);
  const erasures: string[] = [];
  const erased = await goal.readTable(TOPICS.erasures, ({ key, value }) =>
    erasures.push(`${key}=${textOf({ value })}`),
  );
  await erased.loaded;
  await erased.close();
  expect(erasures).toEqual(["acme/1=erased"]);
  expect(copies.find(({ topic }) => topic === TOPICS.events)).toMatchObject({ records: 5, unread: 2 });
});

test("a copy of a copy keeps the time and place of the first", async () => {
  const log = await made(2);
  await log.produce(TOPICS.events, [event("a", 1)]);
  for (const group of ["archiver-events", "detector"]) await workedOff(log, TOPICS.events, group);
  await drained(log);
  const appended = now;
  now += HOUR_MS;
  const first = await cutOver({ quietMs: 0, source: log, target: log, partitions: 3 });
  expect([first.from, first.to]).toEqual(["memory-1", "memory-2"]);
  const second = await openGeneration(log, { lookEveryMs: 0 });
  for (const group of ["archiver-events", "detector"]) await workedOff(second, TOPICS.events, group);
  await second.produce(TOPICS.events, [event("a", 2)]);
  await second.drain();
  const last = await cutOver({ quietMs: 0, source: log, target: log, partitions: 6 });
  expect([last.from, last.to]).toEqual(["memory-2", "memory-3"]);
  const records = await readAll(viewOf(log, parseGeneration(last.to)), TOPICS.events);
  expect(records.map(textOf)).toEqual(["1", "2"]);
  expect(copiedFrom(records[0] ?? { headers: {} })).toMatchObject({
    generation: "memory-1",
    appendTime: appended,
  });
  expect(copiedFrom(records[1] ?? { headers: {} })).toBe(null);
});

test("ended anywhere it leaves the old log in use or the new one whole, and does not double when run again", async () => {
  // The calls that reach the log are counted; each run ends one call later than the one before.
  for (let lives = 0, finished = false; !finished; lives++) {
    expect(lives).toBeLessThan(60);
    const log = await made(2);
    await log.produce(
      TOPICS.events,
      Array.from({ length: 30 }, (_, n) => event(`k${n % 5}`, n)),
    );
    for (const group of ["archiver-events", "detector"]) await workedOff(log, TOPICS.events, group);
    await drained(log);
    let left = lives;
    const dying: Log = changed(log, {
      produce: (topic: string, records: readonly NewRecord[]) => {
        if (left-- > 0) return log.produce(topic, records);
        left = 0; // dead: nothing it tries afterwards reaches the log either
        return Promise.reject(new Error("killed"));
      },
    });
    try {
      await cutOver({ quietMs: 0, source: dying, target: dying, partitions: 4 });
      finished = true;
    } catch (error) {
      expect(error).toMatchObject({ message: "killed" });
      expect((await openGeneration(log, { lookEveryMs: 0 })).generation).toBe("memory-1");
      await cutOver({ quietMs: 0, source: log, target: log, partitions: 4 });
    }
    const present = await openGeneration(log, { lookEveryMs: 0 });
    expect(present.generation).not.toBe("memory-1");
    const values = (await readAll(present, TOPICS.events)).map(textOf).map(Number);
    expect(values.sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, n) => n));
    await log.close();
  }
});

test("killed between closing the one and opening the other, it only has to open it", async () => {
  const source = await made(1);
  await drained(source);
  const target = another();
  const { to } = await cutOver({ quietMs: 0, source, target, partitions: 1 });
  const book = new LogBook(target);
  const entry = (await book.read()).get(to);
  if (entry === undefined) throw new Error("no entry");
  await book.write([{ ...entry, state: "copied" }]);
  await expect(openGeneration(target)).rejects.toMatchObject({ code: "TRIPLINE_STREAM_MOVED" });
  expect(await cutOver({ quietMs: 0, source, target, partitions: 1 })).toEqual({
    from: "memory-1",
    to,
    copies: [],
  });
  expect((await openGeneration(target, { lookEveryMs: 0 })).generation).toBe(to);
});

test("a log that is not drained, or that someone still writes to, is not moved", async () => {
  const log = await made(1);
  await expect(cutOver({ quietMs: 0, source: log, target: log, partitions: 2 })).rejects.toThrow(/log drain/);
  await drained(log);
  const busy: Log = changed(log, {
    readTable: async (...args: Parameters<Log["readTable"]>) => {
      await log.produce(TOPICS.events, [event("late", 1)]);
      return log.readTable(...args);
    },
  });
  await expect(cutOver({ quietMs: 0, source: busy, target: busy, partitions: 2 })).rejects.toThrow(
    /still writes/,
  );
  expect((await openGeneration(log, { lookEveryMs: 0 })).generation).toBe("memory-1");
});

test("goes back as long as nothing was written to the new one, and not after", async () => {
  const log = await made(1);
  await drained(log);
  await cutOver({ quietMs: 0, source: log, target: log, partitions: 2 });
  expect(await reopen({ source: log, target: null })).toBe("memory-1");
  expect((await openGeneration(log, { lookEveryMs: 0 })).generation).toBe("memory-1");
  await drained(log);
  const { to } = await cutOver({ quietMs: 0, source: log, target: log, partitions: 2 });
  expect(to).toBe("memory-3");
  const present = await openGeneration(log, { lookEveryMs: 0 });
  await present.produce(TOPICS.events, [event("a", 1)]);
  await expect(reopen({ source: log, target: null })).rejects.toThrow(/written to memory-3/);
});

test("a target that holds a stranger's records is left alone unless told otherwise", async () => {
  const source = await made(1);
  await drained(source);
  const target = another(await made(1));
  await target.produce(TOPICS.events, [event("stranger", 1)]);
  const options = { quietMs: 0, source, target, partitions: 1 };
  await expect(cutOver(options)).rejects.toThrow(/--beside/);
  expect((await cutOver({ ...options, besideOthers: true })).to).toBe("other-2");
  expect(await readAll(target, TOPICS.events)).toHaveLength(1);
});
