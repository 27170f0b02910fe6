import { MAX_KEPT, RETENTION_PRODUCER, type RemovedEnvelopes, type TriplineRecord } from "@tripline/events";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { waitFor } from "../../../../test/support/wait-for.ts";
import type { Store } from "../store.ts";
import {
  at,
  GENERATION,
  id,
  insertRecords,
  openTemporaryHttpStore,
  openTemporaryStore,
  testRecord,
} from "../testing/index.ts";
import { keptRanges } from "./envelopes.ts";

const LATE = 10_000;
const ADA = `sub_${"a".repeat(32)}`;
const EVE = `sub_${"e".repeat(32)}`;
const BEFORE = at(20); // rows at offsets below 20 were appended before
const ALL = { generation: GENERATION, partition: 0, to: 20 };

let made = 0;
function own(over: object): TriplineRecord {
  made += 1;
  const { envelope } = testRecord(500_000 + made, { time: at(LATE), received: at(LATE) });
  return {
    envelope: {
      ...{ v: 1, id: envelope.id, time: envelope.time, received: envelope.received, tenant: "local" },
      type: "retention",
      producer: { id: RETENTION_PRODUCER, boot: id(3_000_000), seq: made },
      ...over,
    },
  };
}
const removal = (removed: RemovedEnvelopes): TriplineRecord =>
  own({
    retention: { action: "removed", ...removed, kept: removed.kept.map(([a, b]) => [a, b]), by: "policy" },
  });

describe.each([
  ["embedded", openTemporaryStore],
  ["over HTTP", openTemporaryHttpStore],
])("envelopes over their age, %s", (_kind, open) => {
  let store: Store;
  beforeEach(async () => {
    store = await open();
    const records = Array.from({ length: 30 }, (_, n) => {
      if (n === 4)
        return own({ retention: { action: "held", scope: { kind: "tenant" }, reason: "r", by: "ana" } });
      if (n === 7) return testRecord(n, { time: at(LATE), received: at(LATE) }); // by its own times it is young
      const principal = n === 10 || n === 11 ? EVE : ADA;
      return testRecord(n, { actor: { principal }, tenant: n === 12 ? "other" : "acme" });
    });
    await insertRecords(store.writer, records);
  });
  afterEach(() => store.close());

  const offsets = async (): Promise<number[]> => {
    const { rows } = await store.sealed.block({ ...ALL, from: 0, to: 1_000 });
    return rows.map(({ index }) => index);
  };
  const finished = () =>
    waitFor(async () => (await store.eraser.removals()).length === 0, { what: "the removals to be done" });

  it("are found by partition, with what stays", async () => {
    const { eraser } = store;
    expect(await eraser.agedPartitions(BEFORE)).toEqual([ALL]);
    expect(await eraser.agedPartitions(at(0))).toEqual([]);
    expect(await eraser.monthsSince(at(0))).toBe(1);
    expect(await eraser.removable(ALL, BEFORE, [])).toEqual({
      ...{ generation: GENERATION, partition: 0, before: BEFORE, from: 0, to: 20 },
      kept: [
        [4, 5],
        [7, 8],
      ],
    });
    const holds = [{ tenant: "acme", scope: { kind: "principal" as const, subject: EVE } }];
    expect((await eraser.removable(ALL, BEFORE, holds))?.kept).toEqual([
      [4, 5],
      [7, 8],
      [10, 12],
    ]);
    const ofTenant = [{ tenant: "acme", scope: { kind: "tenant" as const } }];
    expect(await eraser.removable(ALL, BEFORE, ofTenant)).toMatchObject({ from: 12, to: 13, kept: [] });
    const everybody = [...ofTenant, { tenant: "other", scope: { kind: "tenant" as const } }];
    expect(await eraser.removable(ALL, BEFORE, everybody)).toBeNull();
  });

  it("go as the record says, but for what is held by then; the same again does nothing", async () => {
    const { eraser } = store;
    const removed = await eraser.removable(ALL, BEFORE, []);
    if (removed === null) throw new Error("there is something to remove");
    const { envelope } = removal(removed);
    const session = [{ tenant: "acme", scope: { kind: "session" as const, subject: "s-1" } }];
    expect(await eraser.leftEnvelopes(envelope, [])).toBe(18);
    expect(await eraser.leftEnvelopes(envelope, session)).toBe(1);
    const hold = [{ tenant: "acme", scope: { kind: "principal" as const, subject: EVE } }];
    await eraser.eraseEnvelopes(envelope, hold);
    await finished();
    const young = Array.from({ length: 10 }, (_, n) => 20 + n);
    expect(await offsets()).toEqual([4, 7, 10, 11, ...young]);
    expect(await eraser.leftEnvelopes(envelope, hold)).toBe(0);
    await eraser.eraseEnvelopes(envelope, []);
    await finished();
    expect(await offsets()).toEqual([4, 7, ...young]);
    expect(await eraser.removable(ALL, BEFORE, [])).toBeNull();
    await eraser.eraseEnvelopes(testRecord(1).envelope, []);
    expect(await eraser.removals()).toEqual([]);
  });
});

it("ranges of what stays hold each offset and nothing else, as far as the record reaches", () => {
  const offsets = fc.uniqueArray(fc.nat({ max: 6_000 }), { maxLength: 5_000 });
  fc.assert(
    fc.property(offsets, fc.boolean(), (some, isCut) => {
      const sorted = some.toSorted((a, b) => a - b);
      const { from, to, kept } = keptRanges(sorted, 0, 7_000, isCut);
      expect(from).toBe(0);
      expect(kept.length).toBeLessThanOrEqual(MAX_KEPT);
      const held = kept.flatMap(([a, b]) => Array.from({ length: b - a }, (_, n) => a + n));
      expect(held).toEqual(sorted.filter((offset) => offset < to));
      if (kept.length < MAX_KEPT && !isCut) expect(to).toBe(7_000);
    }),
    { numRuns: 30 },
  );
});
