import {
  coversErasure,
  type Envelope,
  type ErasureCover,
  type HeldBack,
  type HoldScope,
} from "@tripline/events";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../../../../test/support/wait-for.ts";
import { rowFromName } from "../rows/index.ts";
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
import type { Eraser } from "./types.ts";

const ADA = `sub_${"a".repeat(32)}`;
const EVE = `sub_${"e".repeat(32)}`;
/** Quotes and backslashes are in nobody's subject id, and in many a session's. */
const ODD_SESSION = "s-'2\\ OR 1=1 --";
const LATE = 10_000;
const NONE: readonly HoldScope[] = [];

let count = 0;

function erasing(over: Partial<Envelope>): Envelope {
  count++;
  return {
    ...testRecord(500_000 + count, { time: at(LATE), received: at(LATE) }).envelope,
    producer: { id: "console", boot: id(3_000_000), seq: count },
    actor: undefined,
    session: undefined,
    target: undefined,
    call: undefined,
    payload_hash: undefined,
    ...over,
  };
}

function erasure(covers: ErasureCover, except: HeldBack = [], over: Partial<Envelope> = {}): Envelope {
  return erasing({ type: "erasure", erasure: { covers, except, reason: "asked for", by: "ana" }, ...over });
}

function expired(before: string, except: HeldBack = [], names_before?: string): Envelope {
  return erasing({
    type: "retention",
    retention: {
      action: "expired",
      before,
      except,
      by: "policy",
      ...(names_before === undefined ? {} : { names_before }),
    },
  });
}

async function finished(eraser: Eraser): Promise<void> {
  await waitFor(async () => (await eraser.removals()).length === 0, { what: "the removals to be done" });
}

describe.each([
  ["embedded", openTemporaryStore],
  ["over HTTP", openTemporaryHttpStore],
])("the eraser, %s", (_kind, open) => {
  let store: Store;
  let next = 0;

  const put = async (...records: ReturnType<typeof testRecord>[]): Promise<void> => {
    await insertRecords(store.writer, records, next);
    next += records.length;
  };
  const payloadOf = async (n: number, tenant = "acme") => {
    const found = await store.reader({ tenant, payloads: true }).record(id(n));
    return found === null ? "no record" : found.payload_text === null ? "no payload" : "there";
  };

  beforeAll(async () => {
    store = await open();
  });
  afterAll(() => store.close());

  it("counts and erases a principal's payloads and names, and nobody else's", async () => {
    await put(
      testRecord(1),
      testRecord(2, { actor: { principal: EVE } }),
      testRecord(3, { tenant: "other" }),
      testRecord(4, { time: at(LATE), received: at(LATE) }),
    );
    const source = { generation: GENERATION, topic: "names", partition: 0, first: 0, last: 0 };
    const lines = [
      rowFromName("acme", ADA, "Ada", Date.parse(at(0))),
      rowFromName("acme", EVE, "Eve", Date.parse(at(0))),
      rowFromName("other", ADA, "Ada of another tenant", Date.parse(at(0))),
    ];
    await store.writer.insert(source, { table: "directory", lines });
    const record = erasure({ kind: "principal", principal: ADA, before: at(LATE) });
    expect(await store.eraser.left(record, NONE)).toMatchObject({ payloads: 1, names: 1, held: 0 });
    await store.eraser.erase(record, NONE);
    await finished(store.eraser);
    expect(await store.eraser.left(record, NONE)).toEqual({
      payloads: 0,
      names: 0,
      held: 0,
      newest_append: null,
    });
    expect(await Promise.all([payloadOf(1), payloadOf(2), payloadOf(3, "other"), payloadOf(4)])).toEqual([
      "no payload",
      "there",
      "there",
      "there",
    ]);
    const reader = store.reader({ tenant: "acme", payloads: true });
    expect(await reader.names([ADA, EVE])).toEqual(new Map([[EVE, ["Eve"]]]));
    expect(await reader.findPrincipals("ada")).toEqual([]);
    // The envelope stays, with the subject's id.
    expect((await reader.record(id(1)))?.envelope).toEqual(testRecord(1).envelope);
    expect((await reader.searchCalls({ text: "content 1" })).rows).toEqual([]);
  });

  it("erases by session, whatever its name holds, by record and by age", async () => {
    const session = { id: ODD_SESSION, source: "mcp" as const };
    await put(
      testRecord(21, { session }),
      testRecord(22),
      testRecord(23),
      testRecord(24, { time: at(-900_000) }),
    );
    for (const record of [
      erasure({ kind: "session", session: ODD_SESSION, before: at(LATE) }),
      erasure({ kind: "records", ids: [id(22)] }),
      expired(at(-800_000)),
    ]) {
      expect(await store.eraser.left(record, NONE)).toMatchObject({ payloads: 1, held: 0 });
      await store.eraser.erase(record, NONE);
      await finished(store.eraser);
      expect((await store.eraser.left(record, NONE)).payloads).toBe(0);
    }
    expect(await Promise.all([21, 22, 23, 24].map((n) => payloadOf(n)))).toEqual([
      "no payload",
      "no payload",
      "there",
      "no payload",
    ]);
  });

  it("leaves what is under a hold, also one that the record does not know of", async () => {
    await put(
      testRecord(31, { time: at(-600_000) }),
      testRecord(32, { time: at(-600_000), actor: { principal: EVE } }),
    );
    const source = { generation: GENERATION, topic: "names", partition: 0, first: 1, last: 1 };
    const seen = Date.parse(at(-600_000));
    const lines = [rowFromName("acme", ADA, "Ada L.", seen), rowFromName("acme", EVE, "Eve L.", seen)];
    await store.writer.insert(source, { table: "directory", lines });
    const record = expired(at(-500_000), [], at(-500_000));
    const hold: HoldScope = { kind: "principal", subject: ADA };
    expect(await store.eraser.left(record, [hold])).toMatchObject({ payloads: 1, names: 1, held: 1 });
    expect(await store.eraser.left(record, [{ kind: "tenant" }])).toMatchObject({
      payloads: 0,
      names: 0,
      held: 2,
    });
    await store.eraser.erase(record, [{ kind: "tenant" }]);
    await store.eraser.erase(record, [hold]);
    await finished(store.eraser);
    expect(await Promise.all([31, 32].map((n) => payloadOf(n)))).toEqual(["there", "no payload"]);
    expect(await store.reader({ tenant: "acme", payloads: true }).names([ADA, EVE])).toEqual(
      new Map([
        [ADA, ["Ada L."]],
        [EVE, ["Eve"]],
      ]),
    );
  });

  it("is remembered by the table: a batch that comes again with its token stays erased", async () => {
    const records = [testRecord(41), testRecord(42)];
    const first = next;
    await put(...records);
    await store.eraser.erase(erasure({ kind: "records", ids: [id(41)] }), NONE);
    await finished(store.eraser);
    await insertRecords(store.writer, records, first);
    expect(await Promise.all([41, 42].map((n) => payloadOf(n)))).toEqual(["no payload", "there"]);
  });

  it("knows the tenants of which something may be over its age", async () => {
    await put(testRecord(51, { tenant: "old", time: at(-9_000_000) }));
    expect(await store.eraser.tenantsBefore({ payloads: at(-8_000_000), names: at(-8_000_000) })).toContain(
      "old",
    );
    expect(await store.eraser.tenantsBefore({ payloads: at(-2e9), names: at(-2e9) })).toEqual([]);
  });

  it("gives the stored records of its types, and none that a producer forged", async () => {
    const hold = erasing({
      type: "retention",
      retention: {
        action: "held",
        scope: { kind: "session", subject: "s-9" },
        reason: "a lawsuit",
        by: "ana",
      },
    });
    const real = erasure({ kind: "session", session: "s-9", before: at(1) }, [], { time: at(LATE + 1) });
    const forged = erasure({ kind: "age", before: at(1) }, [], {
      producer: { id: "gw-1", boot: id(1_000_000), seq: 9_999 },
    });
    await put(...[hold, real, forged].map((envelope) => ({ envelope })));
    expect(await store.eraser.records()).toEqual([hold, real]);
    expect(await store.eraser.records({ tenant: "other" })).toEqual([]);
    const from = (offset: number) => ({ from: { generation: GENERATION, offsets: new Map([[0, offset]]) } });
    expect(await store.eraser.records(from(next - 3))).toEqual([hold, real]);
    expect(await store.eraser.records(from(next - 2))).toEqual([real]);
    expect(await store.eraser.records(from(next))).toEqual([]);
  });

  it("covers in the tables exactly what coversErasure covers", async () => {
    const tenant = "any";
    const time = fc.constantFrom(
      at(0),
      at(5),
      at(9),
      "2026-02-31T00:00:00.000Z",
      "1970-01-01T00:00:00.000Z",
      "2270-01-01T00:00:00.000Z",
    );
    const subject = fc.constantFrom(ADA, EVE, ODD_SESSION, undefined);
    const someRecords = fc.sample(
      fc.record({ time, received: fc.option(time), principal: subject, session: subject }),
      { numRuns: 120, seed: 7 },
    );
    const records = someRecords.map(({ received, principal, session, ...rest }, index) =>
      testRecord(600_000 + index, {
        ...rest,
        tenant,
        received: received ?? undefined,
        actor: { principal, extra: 1 },
        session: { id: session },
      }),
    );
    await put(...records);
    const scope = fc.constantFrom<HoldScope>(
      { kind: "principal", subject: EVE },
      { kind: "session", subject: ODD_SESSION },
      { kind: "session", subject: ADA },
    );
    const covers = fc.oneof<fc.Arbitrary<ErasureCover>[]>(
      fc.record({
        kind: fc.constant("principal" as const),
        principal: fc.constantFrom(ADA, ODD_SESSION),
        before: fc.constantFrom(at(1), at(6), at(9)),
      }),
      fc.record({
        kind: fc.constant("session" as const),
        session: fc.constantFrom(EVE, ODD_SESSION),
        before: fc.constantFrom(at(5), at(10)),
      }),
      fc.record({ kind: fc.constant("age" as const), before: fc.constantFrom(at(0), at(1), at(9), at(10)) }),
      fc.record({ kind: fc.constant("records" as const), ids: fc.constantFrom([id(600_000), id(600_003)]) }),
    );
    const erasures = fc.sample(fc.tuple(covers, fc.array(scope, { maxLength: 2 })), {
      numRuns: 25,
      seed: 11,
    });
    let covered = 0;
    for (const [described, scopes] of erasures) {
      const record = erasure(
        described,
        scopes.map((each) => ({ hold: id(1), scope: each })),
        { tenant },
      );
      const wanted = records.filter(({ envelope }) => coversErasure(record, envelope)).length;
      const { payloads } = await store.eraser.left(record, NONE);
      expect(payloads, JSON.stringify([described, scopes])).toBe(wanted);
      covered += wanted;
    }
    expect(covered).toBeGreaterThan(100); // or it would compare nothing with nothing
  });
});
