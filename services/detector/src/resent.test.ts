import { recordsOf, type StateEntry, StateTables, shortRecordSchema } from "@tripline/detection";
import type { TriplineRecord } from "@tripline/events";
import { expect, it } from "vitest";
import { ResentFilter } from "./resent.ts";

const records = recordsOf([shortRecordSchema.parse({ tool: "x", repeat: 30 })]).map(({ record }) => record);

function numbered(index: number, seq: number, boot?: string): TriplineRecord {
  const record = records[index];
  if (record === undefined) throw new Error("no such record");
  const { producer } = record.envelope;
  return {
    ...record,
    envelope: { ...record.envelope, producer: { ...producer, seq, boot: boot ?? producer.boot } },
  };
}

it("passes each record once, also one that came late or belongs to another boot", () => {
  const filter = new ResentFilter(new StateTables());
  expect(filter.isResent(numbered(0, 0))).toBe(false);
  expect(filter.isResent(numbered(2, 2))).toBe(false);
  expect(filter.isResent(numbered(1, 1))).toBe(false); // late
  expect(filter.isResent(numbered(1, 1))).toBe(true);
  expect(filter.isResent(numbered(0, 0))).toBe(true);
  expect(filter.isResent(numbered(0, 0, "00000000-0000-7000-8000-000000000001"))).toBe(false);
});

function ofSeq(seq: number, boot?: string): TriplineRecord {
  const record = numbered(0, seq, boot);
  const id = `${record.envelope.id.slice(0, -12)}${seq.toString(16).padStart(12, "0")}`;
  return { ...record, envelope: { ...record.envelope, id } };
}

it("remembers through its saved state, in the same order", () => {
  const tables = new StateTables();
  const filter = new ResentFilter(tables);
  for (let seq = 0; seq < 600; seq += 1) filter.isResent(ofSeq(seq));
  const segment = tables.begin(0);
  const entries: (StateEntry & { segment: number })[] = [];
  tables.drain(
    (entry) => entries.push({ ...entry, segment }),
    () => true,
  );
  expect(entries.length).toBe(3); // blocks of 250
  filter.isResent(ofSeq(600));
  tables.begin(0);
  let again = 0;
  tables.drain(
    () => again++,
    () => true,
  );
  expect(again).toBe(1); // only the block that changed
  const into = new StateTables();
  const restored = new ResentFilter(into);
  into.load(entries);
  restored.loaded();
  for (let seq = 0; seq < 600; seq += 1) expect(restored.isResent(ofSeq(seq))).toBe(true);
  expect(restored.isResent(ofSeq(600))).toBe(false);
});

it("forgets the oldest ids of a long run, and the longest silent of many runs, which it counts", () => {
  const tables = new StateTables();
  const filter = new ResentFilter(tables);
  for (let seq = 0; seq <= 10_000; seq += 1) filter.isResent(ofSeq(seq));
  expect(filter.isResent(ofSeq(249))).toBe(false); // it counts as late: better judged twice than not at all
  expect(filter.isResent(ofSeq(251))).toBe(true);
  expect(tables.forgotten.size).toBe(0);
  for (let boot = 0; boot < 10_000; boot += 1) filter.isResent(ofSeq(1, `boot-${boot}`));
  expect(tables.forgotten.get("boots")).toBe(1);
  expect(filter.isResent(ofSeq(10_000))).toBe(false);
  expect(filter.isResent(ofSeq(1, "boot-9999"))).toBe(true);
});
