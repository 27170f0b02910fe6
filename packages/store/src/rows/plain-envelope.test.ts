import { encodeRecord, parseRecord } from "@tripline/events";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyEnvelope } from "../testing/any-envelope.ts";
import { testRecord } from "../testing/index.ts";
import { scanPlainEnvelope } from "./plain-envelope.ts";
import { rowFromEnvelope, rowFromPlainEnvelope } from "./record-row.ts";

const SOURCE = { generation: "memory-1", partition: 3, offset: 7, appendTime: Date.UTC(2026, 10, 21) };

/** Values as they are, and now and then one that the short way, or any schema, must not take. */
function mostly<T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ weight: 15, arbitrary: usual }, { weight: 1, arbitrary: odd });
}

const name = mostly(
  fc.stringMatching(/^[a-z0-9éß\u2028😀 .:/-]{1,20}$/u),
  fc.oneof(
    fc.string({ unit: "binary", maxLength: 20 }),
    fc.constantFrom("x".repeat(512), "x".repeat(513), "", "a\ud800", '"', "\\", "\u007f"),
  ),
);
const time = mostly(
  fc.constantFrom("2026-11-21T09:30:00.123Z", "2024-02-29T23:59:59.999Z", "1970-01-01T00:00:00.001Z"),
  fc.constantFrom(
    "2026-02-29T09:30:00.123Z",
    "2026-11-21T24:00:00.000Z",
    "1970-01-01T00:00:00.000Z",
    "2026-11-21T09:30:00Z",
  ),
);
const number = mostly(
  fc.oneof(
    fc.nat(),
    fc.nat().map((n) => n / 1000),
  ),
  fc.oneof(
    fc.maxSafeNat(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(-0, 0.1, 1e21, 12.407, 1e-9, 2 ** 53, 100_000_000_000_000_000),
  ),
);
const count = mostly<number>(fc.nat(), number);
const list = mostly(fc.array(name, { minLength: 1, maxLength: 3 }), fc.constant<string[]>([]));
const part = <T>(values: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.option(fc.record(values, { requiredKeys: [] }), { nil: undefined, freq: 8 });
/** Calls of which each value may be what no schema takes. */
const call = fc
  .record({
    time,
    received: fc.option(time, { nil: undefined }),
    tenant: mostly(fc.constant("acme"), fc.constantFrom("ACME", "a b")),
    seq: count,
    actor: part({
      principal: name,
      credential: mostly(fc.constantFrom("local:a", "key:a/b"), fc.constantFrom("local:a b", "")),
      assurance: mostly(fc.constant("verified"), fc.constant("sure")),
      roles: list,
    }),
    session: part({ id: name, source: mostly(fc.constant("mcp"), fc.constant("guess")), trace_id: name }),
    target: part({
      server: name,
      tool: name,
      definition: mostly(fc.constant("ab".repeat(32)), fc.constantFrom("0".repeat(64), "x")),
    }),
    ended: part({
      duration_ms: number,
      outcome: mostly(fc.constant("ok"), fc.constant("fine")),
      args_bytes: count,
      truncated: fc.boolean(),
    }),
    usage: part({ tokens_in: count, cost_usd: number }),
    vendor: mostly<string | undefined>(fc.constant(undefined), name),
  })
  .map(({ seq, ended, ...made }) => {
    const { envelope } = testRecord(1);
    const { payload_hash: _, ...base } = envelope;
    const whole = {
      ...base,
      ...made,
      producer: { ...base.producer, seq },
      call: { ...base.call, ...ended },
    };
    const ordered = Object.fromEntries(
      Object.keys({ ...ORDER, ...whole }).flatMap((key) => {
        const value: unknown = Reflect.get(whole, key);
        return value === undefined ? [] : [[key, value]];
      }),
    );
    return JSON.stringify(ordered);
  });
const ORDER = Object.fromEntries(
  "v id type time received tenant producer actor session target call policy usage"
    .split(" ")
    .map((key) => [key, null]),
);

/** @returns whether the short way took it */
function holds(text: string): boolean {
  const found = scanPlainEnvelope(text, 0);
  if (found === null) return false;
  const envelope = JSON.parse(text.slice(0, found.end));
  expect(rowFromPlainEnvelope(found, SOURCE)).toBe(rowFromEnvelope(envelope, text, true, SOURCE));
  if (envelope.payload_hash === undefined) parseRecord(`{"envelope":${text}}`);
  const { tenant, id, time: when, producer } = envelope;
  expect(found).toMatchObject({
    tenant,
    id,
    time: when,
    producer: { id: producer.id, boot: producer.boot, seq: producer.seq },
  });
  return true;
}

describe("the short way from an envelope to its row", () => {
  it("takes ordinary calls and intents", () => {
    const text = (record: ReturnType<typeof testRecord>) => JSON.stringify(record.envelope);
    expect(holds(text(testRecord(1)))).toBe(true);
    expect(holds(text(testRecord(2, { type: "call.intent" })))).toBe(true);
    const record = encodeRecord(testRecord(3));
    expect(scanPlainEnvelope(record, record.indexOf("{", 1))?.payloadHash).toBe(
      testRecord(3).envelope.payload_hash,
    );
  });

  it("takes nothing that the contract refuses, and makes the same row", () => {
    let taken = 0;
    fc.assert(
      fc.property(call, (text) => {
        if (holds(text)) taken++;
      }),
      { numRuns: 6000 },
    );
    expect(taken).toBeGreaterThan(500);
  });

  it("takes nothing that it does not know: other keys, another order, another way of writing", () => {
    fc.assert(
      fc.property(anyEnvelope, (envelope) => {
        holds(JSON.stringify(envelope));
      }),
      { numRuns: 500 },
    );
    const text = JSON.stringify(testRecord(1).envelope);
    for (const other of [
      text.replace(":1,", ": 1,"),
      text.replace('"v":1,', '"v":1,"v":1,'),
      text.replace('"seq":1', '"seq":01'),
      text.replace('"seq":1', '"seq":1.0'),
      text.replace("helper", "h\\u0065lper"),
      text.replace('"duration_ms":1.5', '"duration_ms":1.50'),
      text.replace('"duration_ms":1.5', '"duration_ms":1.5e0'),
      text.slice(0, -1),
    ]) {
      expect(other).not.toBe(text);
      expect(scanPlainEnvelope(other, 0)).toBeNull();
    }
  });
});
