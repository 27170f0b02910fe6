import {
  type Envelope,
  encodeRecord,
  envelopeSchema,
  parseRecord,
  payloadHash,
  payloadSchema,
  type TriplineRecord,
} from "@tripline/events";
import { rowFromEnvelope } from "@tripline/store";
import { testRecord } from "@tripline/store/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memberText } from "./member-text.ts";
import { readRecord } from "./read-record.ts";

const odd = fc.oneof(
  fc.jsonValue({ maxDepth: 1 }),
  fc.constantFrom(
    "",
    "a\u0001",
    "x".repeat(257),
    "x".repeat(513),
    "2026-11-21T09:30:00.123Z",
    "local:a",
    "key:a/b",
    "local:a b",
    -1,
    1.5,
    2 ** 53,
    -0,
    {},
    [],
  ),
);
const paths = [
  ...Object.keys(envelopeSchema.shape).map((key) => ["envelope", key]),
  ...["producer", "actor", "session", "target", "call", "policy", "usage"].flatMap((section) =>
    [
      "id",
      "boot",
      "seq",
      "principal",
      "credential",
      "roles",
      "delegation",
      "assurance",
      "source",
      "server",
      "definition",
      "transport",
      "method",
      "started",
      "duration_ms",
      "outcome",
      "truncated",
      "args_bytes",
      "decision",
      "cost_usd",
      "enforcement",
      "vendor",
    ].map((key) => ["envelope", section, key]),
  ),
  ...Object.keys(payloadSchema.shape).map((key) => ["payload", key]),
  ["payload"],
];
const changes = fc.array(fc.tuple(fc.constantFrom(...paths), odd), { maxLength: 3 });

/** A call with every part that a call can have. */
function fullRecord(): TriplineRecord {
  const base = testRecord(1, { payload: { args_digest: "ab".repeat(16), capture: "full" } });
  return {
    ...base,
    envelope: {
      ...base.envelope,
      actor: { ...base.envelope.actor, team: "payments", roles: ["a", "b"], delegation: ["c"] },
      session: { id: "s-1", source: "mcp", trace_id: "t", span_id: "é\u2028" },
      target: { ...base.envelope.target, definition: "ab".repeat(32) },
      call: {
        id: "0192f000-0000-7000-8000-000000000001",
        method: "tools/call",
        started: "2026-11-21T09:30:00.000Z",
        duration_ms: 1.5,
        outcome: "ok",
        args_bytes: 20,
        truncated: true,
      },
      policy: { decision: "allow", rule: "r" },
      usage: { tokens_in: 1, cost_usd: 0.000123 },
    },
  };
}

function changed(list: readonly (readonly [string[], unknown])[]): unknown {
  const record: Record<string, unknown> = JSON.parse(encodeRecord(fullRecord()));
  for (const [path, value] of list) {
    let at: unknown = record;
    for (const key of path.slice(0, -1))
      at = typeof at === "object" && at !== null ? Reflect.get(at, key) : undefined;
    const last = path.at(-1);
    if (typeof at === "object" && at !== null && last !== undefined) Reflect.set(at, last, value);
  }
  return JSON.parse(JSON.stringify(record));
}

/** With the hash of its payload as it is now. */
function rehashed(json: unknown): void {
  if (typeof json !== "object" || json === null) return;
  const payload: unknown = Reflect.get(json, "payload");
  const envelope: unknown = Reflect.get(json, "envelope");
  if (typeof envelope !== "object" || envelope === null || payload === undefined) return;
  Reflect.set(envelope, "payload_hash", payloadHash(JSON.stringify(payload)));
}

const SOURCE = { generation: "memory-1", partition: 0, offset: 7, appendTime: Date.UTC(2026, 10, 21) };

describe("reading a record", () => {
  it("refuses and takes the same as the contract, and loses no byte of the envelope", () => {
    fc.assert(
      fc.property(changes, fc.boolean(), fc.constantFrom(0, 1), (list, rehash, spaces) => {
        const json = changed(list);
        if (rehash) rehashed(json);
        const text = JSON.stringify(json, null, spaces);
        const read = readRecord(Buffer.from(text));
        let parsed: unknown;
        try {
          parsed = parseRecord(text);
        } catch {
          parsed = undefined;
        }
        if (parsed === undefined) {
          expect(read).toHaveProperty("reason");
          return;
        }
        if ("reason" in read) throw new Error(`refused: ${read.reason}`);
        expect(text).toContain(read.envelopeText);
        const envelope: Envelope = JSON.parse(read.envelopeText);
        const { tenant, id, time, producer, payloadText } = read;
        expect({ tenant, id, time, producer }).toMatchObject({
          tenant: envelope.tenant,
          id: envelope.id,
          time: envelope.time,
          producer: { id: envelope.producer.id, boot: envelope.producer.boot, seq: envelope.producer.seq },
        });
        const isPlain = read.envelopeText === JSON.stringify(envelope);
        expect(read.row(SOURCE)).toBe(rowFromEnvelope(envelope, read.envelopeText, isPlain, SOURCE));
        const hashed = payloadText === undefined ? undefined : payloadHash(payloadText);
        expect(hashed).toBe(envelope.payload_hash);
      }),
      { numRuns: 2000 },
    );
  });

  it("never throws, whatever the bytes", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          expect(readRecord(bytes)).toHaveProperty("reason");
        },
      ),
    );
    expect(readRecord(null)).toEqual({ reason: "no_value" });
  });
});

describe("a member's text", () => {
  it("is what JSON.parse would take, as it was written", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.jsonValue(),
        fc.constantFrom(0, 1, "\t"),
        (others, value, spaces) => {
          const text = JSON.stringify({ ...others, envelope: value }, null, spaces);
          expect(JSON.parse(memberText(text, "envelope"))).toEqual(JSON.parse(JSON.stringify(value)));
          expect(text).toContain(memberText(text, "envelope"));
        },
      ),
    );
    expect(memberText(' { "envelope" : 1.0 , "a" : "}\\"" , "envelope" : { "b" : [ ] } } ', "envelope")).toBe(
      '{ "b" : [ ] }',
    );
  });
});
