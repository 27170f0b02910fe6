import { recordsOf, type StateEntry, StateTables, shortRecordSchema } from "@tripline/detection";
import type { Fact } from "@tripline/events";
import { expect, it } from "vitest";
import { PATIENCE_MS, type PendingFact, PendingFacts } from "./pending-facts.ts";
import { RepeatedFacts } from "./repeated-facts.ts";

const [sample] = recordsOf([shortRecordSchema.parse({ tool: "x" })]);
if (sample === undefined) throw new Error("no record");
const { record } = sample;

function factAt(time: number, offset: number, id = "a"): Fact {
  const envelope = {
    ...record.envelope,
    id: `${record.envelope.id.slice(0, -1)}${id}`,
    time: new Date(time).toISOString(),
  };
  return {
    v: 1,
    source: { generation: "g", partition: 0, offset, append_time: time + 500 },
    group: "server=files",
    rules: ["r"],
    record: { envelope },
  };
}

function pendingAt(time: number, offset: number, options: { id?: string; bytes?: number } = {}): PendingFact {
  return { time, offset, bytes: options.bytes ?? 100, fact: factAt(time, offset, options.id), copied: false };
}

function copied(from: StateTables, into: StateTables): void {
  const segment = from.begin(Number.POSITIVE_INFINITY);
  const entries: (StateEntry & { segment: number })[] = [];
  from.drain(
    (entry) => entries.push({ ...entry, segment }),
    () => true,
  );
  into.load(entries);
}

it("gives facts on in the order of time and id, once nothing can come before them; what comes later is late", () => {
  const pending = new PendingFacts(new StateTables());
  for (const [index, [time, id]] of (
    [
      [5000, "b"],
      [3000, "a"],
      [5000, "a"],
      [9000, "a"],
    ] as const
  ).entries()) {
    expect(pending.add(pendingAt(time, index, { id }))).toEqual([]);
  }
  expect(pending.earliest).toBe(3000);
  expect(pending.release(2999 + PATIENCE_MS)).toEqual([]);
  expect(pending.release(5000 + PATIENCE_MS).map(({ time, offset }) => [time, offset])).toEqual([
    [3000, 1],
    [5000, 2],
    [5000, 0],
  ]);
  expect([pending.isLate(5000), pending.isLate(5001)]).toEqual([true, false]);
  expect(pending.release(1)).toEqual([]); // a tick that is written late says nothing new, and takes nothing back
  expect(pending.isLate(5000)).toBe(true);
  expect(pending.size).toBe(1);
});

it("continues from its saved state as if nothing had happened", () => {
  const tables = new StateTables();
  const pending = new PendingFacts(tables);
  for (const [index, time] of [7000, 3000, 5000].entries()) pending.add(pendingAt(time, index));
  pending.release(3000 + PATIENCE_MS);
  const into = new StateTables();
  const restored = new PendingFacts(into);
  copied(tables, into);
  restored.loaded();
  expect(restored.isLate(3000)).toBe(true);
  expect(restored.newestAppend).toBe(7500);
  expect(restored.release(9000)).toEqual(pending.release(9000));
});

it("lets the first go on when too many wait, or too much of them, and counts that", () => {
  const tables = new StateTables();
  const pending = new PendingFacts(tables);
  for (let index = 0; index < 50_000; index += 1) pending.add(pendingAt(10_000 + index, index));
  expect(tables.forgotten.size).toBe(0);
  expect(pending.add(pendingAt(5000, 50_000)).map(({ time }) => time)).toEqual([5000]);
  expect(tables.forgotten.get("pending_facts")).toBe(1);
  const large = new PendingFacts(new StateTables());
  expect(large.add(pendingAt(1, 0, { bytes: 60e6 }))).toEqual([]);
  expect(large.add(pendingAt(2, 1, { bytes: 60e6 })).map(({ time }) => time)).toEqual([1]);
});

it("knows facts that were written again, of so many sources", () => {
  const tables = new StateTables();
  const repeated = new RepeatedFacts(tables);
  expect(repeated.isRepeated(factAt(1, 7))).toBe(false);
  expect(repeated.isRepeated(factAt(1, 7))).toBe(true);
  expect(repeated.isRepeated({ ...factAt(1, 7), group: "server=mail" })).toBe(false);
  expect(repeated.isRepeated(factAt(1, 6))).toBe(true);
  const into = new StateTables();
  const restored = new RepeatedFacts(into);
  copied(tables, into);
  expect(restored.isRepeated({ ...factAt(1, 7), group: "server=mail" })).toBe(true);
  expect(restored.isRepeated(factAt(1, 8))).toBe(false);
  for (let partition = 1; partition <= 10_000; partition += 1) {
    const fact = factAt(1, 1);
    repeated.isRepeated({ ...fact, source: { ...fact.source, partition } });
  }
  expect(tables.forgotten.get("sources")).toBe(1);
});
