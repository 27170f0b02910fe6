import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Envelope } from "./envelope.ts";
import { coversErasure, type ErasureCover, erasureSchema, type HeldBack, type HoldScope } from "./erasure.ts";
import { ErasureIndex, NAME_GRACE_MS } from "./erasure-index.ts";

const T0 = Date.UTC(2026, 10, 21);
const at = (ms: number): string => new Date(T0 + ms).toISOString();
const id = (n: number): string => `0192f000-0000-7000-8000-${n.toString(16).padStart(12, "0")}`;

function envelope(over: Partial<Envelope>): Envelope {
  return {
    v: 1,
    id: id(1),
    type: "call",
    time: at(0),
    tenant: "acme",
    producer: { id: "console", boot: id(900), seq: 0 },
    ...over,
  };
}

function erasure(covers: ErasureCover, except: HeldBack = [], over: Partial<Envelope> = {}): Envelope {
  const said = { covers, except, reason: "asked for", by: "ana" };
  return envelope({ id: id(700), type: "erasure", time: at(1_000), erasure: said, ...over });
}

function held(n: number, scope: HoldScope): Envelope {
  return envelope({
    id: id(n),
    type: "retention",
    retention: { action: "held", scope, reason: "a lawsuit", by: "ana" },
  });
}

function released(n: number, hold: number): Envelope {
  return envelope({
    id: id(n),
    type: "retention",
    retention: { action: "released", hold: id(hold), reason: "settled", by: "ana" },
  });
}

function expired(n: number, before: string, except: HeldBack = [], time = at(1_000)): Envelope {
  return envelope({
    id: id(n),
    type: "retention",
    time,
    retention: { action: "expired", before, except, by: "policy" },
  });
}

const ofAda = envelope({ actor: { principal: "sub_ada" }, session: { id: "s-1" }, received: at(10) });

describe("coversErasure", () => {
  it("covers exactly the records that are named", () => {
    const record = erasure({ kind: "records", ids: [id(1), id(3)] });
    expect([1, 2, 3].map((n) => coversErasure(record, envelope({ id: id(n) })))).toEqual([true, false, true]);
    expect(coversErasure(record, envelope({ tenant: "other" }))).toBe(false);
  });

  it("covers a principal's and a session's records from before a moment, and nobody else's", () => {
    const ofPrincipal = erasure({ kind: "principal", principal: "sub_ada", before: at(100) });
    const ofSession = erasure({ kind: "session", session: "s-1", before: at(100) });
    for (const record of [ofPrincipal, ofSession]) {
      expect(coversErasure(record, ofAda)).toBe(true);
      expect(coversErasure(record, { ...ofAda, time: at(100), received: at(101) })).toBe(false);
      expect(coversErasure(record, envelope({}))).toBe(false);
      expect(coversErasure(record, { ...ofAda, tenant: "other" })).toBe(false);
    }
    expect(coversErasure(ofPrincipal, { ...ofAda, session: { id: "s-2" } })).toBe(true);
    expect(coversErasure(ofSession, { ...ofAda, actor: { principal: "sub_eve" } })).toBe(true);
  });

  it("takes the earlier of the producer's and the collector's clock", () => {
    const record = expired(1, at(100));
    expect(coversErasure(record, envelope({ time: at(9_999_999), received: at(99) }))).toBe(true);
    expect(coversErasure(record, envelope({ time: at(99), received: at(9_999_999) }))).toBe(true);
    expect(coversErasure(record, envelope({ time: at(9_999_999) }))).toBe(false);
  });

  it("never covers what its own time lies before, nor times that are none", () => {
    expect(coversErasure(expired(1, at(5_000)), envelope({ time: at(0) }))).toBe(false);
    expect(coversErasure(expired(1, at(500)), envelope({ time: "2026-02-31T00:00:00.000Z" }))).toBe(false);
    expect(coversErasure(expired(1, at(500)), envelope({ time: "1970-01-01T00:00:00.000Z" }))).toBe(false);
  });

  it("leaves out what a hold that it names is about", () => {
    const scopes: HoldScope[] = [
      { kind: "tenant" },
      { kind: "principal", subject: "sub_ada" },
      { kind: "session", subject: "s-1" },
    ];
    for (const scope of scopes) {
      const except = [{ hold: id(5), scope }];
      expect(coversErasure(expired(1, at(500), except), ofAda), scope.kind).toBe(false);
      expect(coversErasure(erasure({ kind: "records", ids: [id(1)] }, except), ofAda), scope.kind).toBe(
        false,
      );
    }
    const other = [{ hold: id(5), scope: { kind: "principal" as const, subject: "sub_eve" } }];
    expect(coversErasure(expired(1, at(500), other), ofAda)).toBe(true);
  });

  it("is never true of holds, releases and other records", () => {
    for (const record of [held(1, { kind: "tenant" }), released(2, 1), envelope({})]) {
      expect(coversErasure(record, ofAda)).toBe(false);
    }
  });

  it("takes a description that is open nowhere", () => {
    const said = { except: [], reason: "x", by: "ana" };
    expect(erasureSchema.safeParse({ ...said, covers: { kind: "principal", principal: "a" } }).success).toBe(
      false,
    );
    expect(erasureSchema.safeParse({ ...said, covers: { kind: "everything" } }).success).toBe(false);
    expect(erasureSchema.safeParse({ ...said, covers: { kind: "records", ids: [] } }).success).toBe(false);
  });
});

describe("ErasureIndex", () => {
  it("takes only what Tripline's own services wrote", () => {
    const index = new ErasureIndex();
    const forged = erasure({ kind: "age", before: at(500) }, [], {
      producer: { id: "gw-1", boot: id(1), seq: 1 },
    });
    expect(index.add(forged)).toBe(false);
    expect(index.add(ofAda)).toBe(false);
    expect(index.covering(ofAda)).toBeNull();
    expect(index.concerns("acme")).toBe(false);
  });

  it("knows the holds in force, whatever came first", () => {
    const hold = held(1, { kind: "session", subject: "s-1" });
    const index = new ErasureIndex([released(2, 1), hold, held(3, { kind: "tenant" })]);
    expect(index.holds("acme").map((each) => each.id)).toEqual([id(3)]);
    expect(index.heldBack("acme")).toEqual([{ hold: id(3), scope: { kind: "tenant" } }]);
    expect(index.holds("other")).toEqual([]);
  });

  it("erases names for a while longer than payloads: what was on its way carries them", () => {
    const index = new ErasureIndex([erasure({ kind: "principal", principal: "sub_ada", before: at(100) })]);
    expect(index.coversName("acme", "sub_ada", T0 + 100 + NAME_GRACE_MS - 1)).toBe(true);
    expect(index.coversName("acme", "sub_ada", T0 + 100 + NAME_GRACE_MS)).toBe(false);
    expect(index.coversName("acme", "sub_eve", T0)).toBe(false);
    expect(index.coversName("other", "sub_ada", T0)).toBe(false);
  });

  it("keeps of each day's retention only what no other one covers", () => {
    const except = [{ hold: id(9), scope: { kind: "principal" as const, subject: "sub_ada" } }];
    const index = new ErasureIndex([expired(1, at(10)), expired(2, at(20)), expired(3, at(30), except)]);
    expect(index.effective().map((each) => each.id)).toEqual([id(2), id(3)]);
    // The hold came after the second: what that had covered stays covered.
    expect(index.covering(envelope({ time: at(15), actor: { principal: "sub_ada" } }))?.id).toBe(id(2));
    expect(index.covering(envelope({ time: at(25), actor: { principal: "sub_ada" } }))).toBeNull();
    expect(index.covering(envelope({ time: at(25) }))?.id).toBe(id(3));
  });

  const scope: fc.Arbitrary<HoldScope> = fc.oneof(
    fc.constant({ kind: "tenant" as const }),
    fc.constantFrom("a", "b").map((subject) => ({ kind: "principal" as const, subject })),
    fc.constantFrom("s", "t").map((subject) => ({ kind: "session" as const, subject })),
  );
  const except = fc
    .array(scope, { maxLength: 2 })
    .map((scopes) => scopes.map((each) => ({ hold: id(8), scope: each })));
  const before = fc.integer({ min: 0, max: 20 }).map(at);
  const record = fc.oneof(
    fc.tuple(before, except).map(([when, holds]) => expired(0, when, holds)),
    fc
      .tuple(fc.constantFrom("a", "b"), before, except)
      .map(([principal, when, holds]) => erasure({ kind: "principal", principal, before: when }, holds)),
    fc
      .tuple(fc.constantFrom("s", "t"), before, except)
      .map(([session, when, holds]) => erasure({ kind: "session", session, before: when }, holds)),
    fc
      .tuple(fc.integer({ min: 0, max: 5 }), except)
      .map(([n, holds]) => erasure({ kind: "records", ids: [id(n)] }, holds)),
  );
  const records = fc
    .array(record, { maxLength: 8 })
    .map((some) => some.map((each, index) => ({ ...each, id: id(100 + index) })));
  const about = fc
    .record({
      n: fc.integer({ min: 0, max: 5 }),
      time: fc.integer({ min: 0, max: 20 }),
      received: fc.option(fc.integer({ min: 0, max: 20 })),
      principal: fc.constantFrom("a", "b", undefined),
      session: fc.constantFrom("s", "t", undefined),
    })
    .map(({ n, time, received, principal, session }) =>
      envelope({
        id: id(n),
        time: at(time),
        ...(received === null ? {} : { received: at(received) }),
        actor: { principal },
        session: { id: session },
      }),
    );

  it("says what asking every record one by one says, in any order", () => {
    fc.assert(
      fc.property(records, about, fc.boolean(), (some, one, reversed) => {
        const wanted = some.some((each) => coversErasure(each, one));
        const index = new ErasureIndex(reversed ? [...some].reverse() : some);
        expect(index.covering(one) !== null).toBe(wanted);
        expect(index.effective().some((each) => coversErasure(each, one))).toBe(wanted);
      }),
    );
  });
});
