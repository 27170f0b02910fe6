import { recordsOf, shortRecordSchema } from "@tripline/detection";
import type { TriplineRecord } from "@tripline/events";
import { expect, it } from "vitest";
import { ResentFilter, resentState } from "./resent.ts";

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
  const filter = new ResentFilter();
  expect(filter.isResent(numbered(0, 0))).toBe(false);
  expect(filter.isResent(numbered(2, 2))).toBe(false);
  expect(filter.isResent(numbered(1, 1))).toBe(false); // late
  expect(filter.isResent(numbered(1, 1))).toBe(true);
  expect(filter.isResent(numbered(0, 0))).toBe(true);
  expect(filter.isResent(numbered(0, 0, "00000000-0000-7000-8000-000000000001"))).toBe(false);
});

it("remembers through its saved state", () => {
  const filter = new ResentFilter();
  for (let seq = 0; seq < 20; seq += 1) filter.isResent(numbered(seq, seq));
  const restored = new ResentFilter();
  restored.load(resentState.parse(JSON.parse(JSON.stringify(filter.save()))));
  for (let seq = 0; seq < 20; seq += 1) expect(restored.isResent(numbered(seq, seq))).toBe(true);
  expect(restored.isResent(numbered(20, 20))).toBe(false);
});
