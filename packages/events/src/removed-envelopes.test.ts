import fc from "fast-check";
import { expect, it } from "vitest";
import { type Envelope, envelopeSchema } from "./envelope.ts";
import { RETENTION_PRODUCER } from "./own-producers.ts";
import { isRemoved, removedBy } from "./removed-envelopes.ts";

const ID = "0192f000-0000-7000-8000-000000000001";
const said = {
  generation: "g",
  partition: 0,
  from: 10,
  to: 20,
  kept: [[12, 14]],
  before: "2026-01-01T00:00:00.000Z",
};
const record = (over: object = {}, of: object = {}): Envelope =>
  envelopeSchema.parse({
    v: 1,
    id: ID,
    type: "retention",
    time: "2026-11-21T00:00:00.000Z",
    tenant: "local",
    producer: { id: RETENTION_PRODUCER, boot: ID, seq: 0 },
    retention: { action: "removed", by: "policy", ...said, ...over },
    ...of,
  });

it("a position is removed when it is in the stretch and not among what was kept", () => {
  const range = fc.tuple(fc.nat({ max: 60 }), fc.nat({ max: 5 }));
  fc.assert(
    fc.property(
      fc.nat({ max: 30 }),
      fc.nat({ max: 60 }),
      fc.array(range, { maxLength: 8 }),
      (from, to, ranges) => {
        const kept = ranges.map(([at, length]): [number, number] => [at, at + length]);
        const removed = removedBy(record({ from, to: from + to, kept }));
        if (removed === null) throw new Error("it is one");
        for (let index = 0; index < 100; index++) {
          const isKept = kept.some(([at, end]) => index >= at && index < end);
          expect(isRemoved(removed, index)).toBe(index >= from && index < from + to && !isKept);
        }
      },
    ),
  );
});

it("is believed of Tripline's own services alone, and never beyond the record's own time", () => {
  expect(removedBy(record())).toMatchObject({ from: 10, to: 20 });
  expect(removedBy(record({}, { producer: { id: "gw-1", boot: ID, seq: 0 } }))).toBeNull();
  expect(removedBy(record({ before: "2026-11-21T00:00:00.001Z" }))).toBeNull();
  expect(removedBy(record({ from: 21 }))).toBeNull();
  expect(removedBy(record({ action: "expired", except: [] }))).toBeNull();
});
