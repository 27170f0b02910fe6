import { envelopeSchema, payloadHash } from "@tripline/events";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rowFromEnvelope, rowFromPayload } from "../rows/index.ts";
import type { Store } from "../store.ts";
import {
  at,
  GENERATION,
  id,
  openTemporaryHttpStore,
  openTemporaryStore,
  T0,
  testRecord,
} from "../testing/index.ts";
import { decodeBlock, decodePlaced, encodeBlock, encodePlaced } from "./frame.ts";

interface Written {
  envelope: string;
  payload: string | null;
  id: string;
}

const reparsed = (value: unknown): string => JSON.stringify(JSON.parse(JSON.stringify(value)));

/** Records with each of the forms that a row can have. */
function written(): Written[] {
  const plain = Array.from({ length: 40 }, (_, n) => testRecord(n, { payload: { salt: "cd".repeat(16) } }));
  const rich = testRecord(100, {
    actor: {
      principal: "p",
      agent: 'a"b\\c/d',
      client: "desk/1",
      roles: ["x", 'y"z'],
      delegation: ["d"],
      team: "é𝒳",
    },
    session: { id: "s/1\t", source: "mcp", trace_id: "ab", span_id: "cd" },
    target: {
      server: "s",
      tool: "t",
      definition: "ab".repeat(32),
      upstream: "u",
      transport: "http",
      environment: "e",
    },
    call: {
      id: id(7),
      method: "tools/call",
      started: "2026-11-21T09:30:00.001Z",
      duration_ms: 12.407,
      outcome: "ok",
      truncated: false,
      args_bytes: 0,
    },
    policy: { decision: "deny", rule: "r" },
    usage: { tokens_in: 3, tokens_out: 0, cost_usd: 0.000012 },
    payload: { args: { "a/b": ['"', "\n", 1e21, -0.5] }, result: "line\nline/\u0001\u007f", error: "e\\" },
  });
  const withRest = testRecord(101, {
    payload: { capture: "full", names: { sub_1: "Ana" }, redactions: { secret: 1 } },
  });
  const withDetail = {
    envelope: { ...testRecord(102).envelope, vendor: { x: 1 } },
    payload: testRecord(102).payload,
  };
  const bare = { envelope: testRecord(103).envelope };
  const { payload_hash: _, ...unbound } = bare.envelope;
  const separator = testRecord(104, {
    actor: { agent: "a\u2028b" },
    payload: { salt: "ab".repeat(16), result: "a\u2028b" },
  });
  return [...plain, rich, withRest, withDetail, separator, { envelope: unbound }].map((record) => {
    const payload = "payload" in record && record.payload !== undefined ? reparsed(record.payload) : null;
    const envelope = {
      ...record.envelope,
      ...(payload === null ? {} : { payload_hash: payloadHash(payload) }),
    };
    return { envelope: JSON.stringify(envelope), payload, id: envelope.id };
  });
}

async function insert(store: Store, records: readonly Written[], first = 0): Promise<void> {
  const range = {
    generation: GENERATION,
    topic: "tripline.events",
    partition: 0,
    first,
    last: first + records.length - 1,
  };
  const from = (n: number) => ({
    generation: GENERATION,
    partition: 0,
    offset: first + n,
    appendTime: T0 + n,
  });
  await store.writer.insert(range, {
    table: "payloads",
    lines: records.flatMap(({ envelope, payload }, n) =>
      payload === null ? [] : [rowFromPayload(JSON.parse(envelope), JSON.parse(payload), payload, from(n))],
    ),
  });
  await store.writer.insert(range, {
    table: "records",
    lines: records.map(({ envelope }, n) => {
      const parsed = JSON.parse(envelope);
      return rowFromEnvelope(parsed, envelope, JSON.stringify(parsed) === envelope, from(n));
    }),
  });
}

const text = (bytes: Uint8Array | null | undefined): string | null =>
  bytes == null ? null : Buffer.from(bytes).toString("utf8");

describe.each([
  ["the embedded engine", openTemporaryStore],
  ["a server", openTemporaryHttpStore],
])("records by position, from %s", (_what, open) => {
  let store: Store;
  const records = written();
  beforeAll(async () => {
    store = await open();
    await insert(store, records);
  }, 60_000);
  afterAll(() => store?.close());

  const stretch = { generation: GENERATION, partition: 0, from: 0, to: records.length };

  it("come with the bytes that were stored", async () => {
    const { rows, payloads } = await store.sealed.exact(stretch);
    expect(rows.map(({ envelope }) => text(envelope))).toEqual(records.map(({ envelope }) => envelope));
    expect(rows.map((row) => Buffer.from(row.id).toString("hex"))).toEqual(
      records.map((record) => record.id.replaceAll("-", "")),
    );
    for (const [index, { payload }] of records.entries())
      expect(text(payloads.find((each) => each.index === index)?.bytes)).toBe(payload);
  });

  it("come out of the database's own columns with the same", async () => {
    const { rows, payloads } = await store.sealed.block(stretch);
    expect(rows.map(({ index }) => index)).toEqual(records.map((_, index) => index));
    expect(rows.map(({ envelope }) => text(envelope))).toEqual(records.map(({ envelope }) => envelope));
    expect(rows.map((row) => Buffer.from(row.id).toString("hex"))).toEqual(
      records.map((record) => record.id.replaceAll("-", "")),
    );
    for (const [index, { payload }] of records.entries())
      expect(text(payloads.find((each) => each.index === index)?.bytes)).toBe(payload);
  });

  it("are found by id, and counted by partition", async () => {
    const found = await store.sealed.byId([records[3]?.id ?? "", id(999_999)]);
    expect(found).toMatchObject([{ index: 3, generation: GENERATION, partition: 0 }]);
    expect(text(found[0]?.envelope)).toBe(records[3]?.envelope);
    expect(await store.sealed.partitions()).toEqual([
      { generation: GENERATION, partition: 0, rows: records.length, highest: records.length - 1 },
    ]);
    expect(await store.sealed.erasures()).toEqual([]);
    const range = { since: at(0), until: at(10), besides: [{ ...stretch, from: 2, to: 5 }], skip: 0 };
    const strays = await store.sealed.strays(range);
    expect(strays.map(({ index }) => index)).toEqual([0, 1, 5, 6, 7, 8, 9]);
    expect((await store.sealed.strays({ ...range, skip: 5 })).map(({ index }) => index)).toEqual([8, 9]);
    expect(await store.sealed.strays({ ...range, besides: [stretch] })).toEqual([]);
  });

  it("travel as they are", async () => {
    const block = await store.sealed.block(stretch);
    block.letters.push({ index: 2 ** 40, bytes: null }, { index: 2 ** 40 + 1, bytes: Buffer.from("x") });
    const sent = encodeBlock(block);
    expect(encodeBlock(decodeBlock(sent))).toEqual(sent);
    expect(decodeBlock(sent).letters).toEqual(block.letters);
    const placed = await store.sealed.byId([records[3]?.id ?? ""]);
    expect(decodePlaced(encodePlaced(placed))).toEqual(placed);
  });
});

it("an answer that was cut off, or is none, is refused", () => {
  const block = {
    rows: [{ index: 5, id: new Uint8Array(16), envelope: Buffer.from("{}") }],
    payloads: [{ index: 5, recordId: new Uint8Array(16), bytes: null }],
    letters: [],
  };
  const sent = encodeBlock(block);
  for (let length = 0; length < sent.length; length++)
    expect(() => decodeBlock(sent.subarray(0, length))).toThrow(/cut off/);
  expect(() => decodeBlock(Buffer.concat([sent, sent]))).toThrow(/cut off/);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      for (const decode of [decodeBlock, decodePlaced]) {
        try {
          decode(bytes);
        } catch (error) {
          expect(error).toMatchObject({ code: "TRIPLINE_STORE_ROW_UNEXPECTED" });
        }
      }
    }),
  );
});

it("what the database writes is what is rebuilt, for anything that the contract lets through", async () => {
  const store = await openTemporaryStore();
  try {
    const value = fc.oneof(
      fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 20 }),
      fc.constantFrom("a'b", "\\", '"', "é𝒳", "\t\b\f\r\n", "NULL", "{p0:String}", "/"),
    );
    const made = fc.sample(
      fc.record({
        agent: value,
        server: value,
        ms: fc.double({ min: 0, max: 1e6, noNaN: true }),
        cost: fc.nat(),
        said: value,
        args: fc.jsonValue(),
      }),
      300,
    );
    const records = made.flatMap(({ agent, server, ms, cost, said, args }, n) => {
      const base = testRecord(n).envelope;
      const payload = reparsed({ salt: "ab".repeat(16), args, result: said });
      const envelope = JSON.stringify({
        ...base,
        actor: { ...base.actor, agent },
        target: { ...base.target, server },
        call: { ...base.call, duration_ms: Math.round(ms) / 1000 },
        usage: { cost_usd: cost / 1e6 },
        payload_hash: payloadHash(payload),
      });
      return envelopeSchema.safeParse(JSON.parse(envelope)).success
        ? [{ envelope, payload, id: base.id }]
        : [];
    });
    expect(records.length).toBeGreaterThan(100);
    await insert(store, records);
    const block = await store.sealed.block({
      generation: GENERATION,
      partition: 0,
      from: 0,
      to: records.length,
    });
    let alike = 0;
    for (const [index, { envelope, payload }] of records.entries()) {
      if (text(block.rows[index]?.envelope) === envelope && text(block.payloads[index]?.bytes) === payload)
        alike++;
    }
    expect(alike / records.length).toBeGreaterThan(0.97);
  } finally {
    await store.close();
  }
}, 60_000);
