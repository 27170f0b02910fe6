import { encodeRecord, envelopeSchema, parseRecord, payloadHash, payloadSchema } from "@tripline/events";
import { testRecord } from "@tripline/store/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memberText } from "./member-text.ts";
import { isPlainRecord } from "./plain-record.ts";
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

function changed(list: readonly (readonly [string[], unknown])[]): unknown {
  const record: Record<string, unknown> = JSON.parse(encodeRecord(testRecord(1, { usage: {}, policy: {} })));
  for (const [path, value] of list) {
    let at: unknown = record;
    for (const key of path.slice(0, -1))
      at = typeof at === "object" && at !== null ? Reflect.get(at, key) : undefined;
    const last = path.at(-1);
    if (typeof at === "object" && at !== null && last !== undefined) Reflect.set(at, last, value);
  }
  return JSON.parse(JSON.stringify(record));
}

describe("the short check", () => {
  it("takes ordinary calls", () => {
    expect(isPlainRecord(JSON.parse(encodeRecord(testRecord(1))))).toBe(true);
    expect(isPlainRecord(JSON.parse(encodeRecord(testRecord(1, { type: "call.intent" }))))).toBe(true);
  });

  it("takes nothing that the contract refuses", () => {
    let taken = 0;
    fc.assert(
      fc.property(changes, (list) => {
        const json = changed(list);
        if (!isPlainRecord(json)) return;
        taken++;
        const { envelope, payload } = json;
        const { payload_hash: _, ...rest } = envelope;
        const hashed =
          payload === undefined ? rest : { ...rest, payload_hash: payloadHash(JSON.stringify(payload)) };
        parseRecord(JSON.stringify({ envelope: hashed, ...(payload === undefined ? {} : { payload }) }));
      }),
      { numRuns: 5000 },
    );
    expect(taken).toBeGreaterThan(500);
  });
});

describe("reading a record", () => {
  it("refuses and takes the same as the contract, and loses no byte of the envelope", () => {
    fc.assert(
      fc.property(changes, fc.boolean(), fc.constantFrom(0, 1), (list, rehash, spaces) => {
        const json = changed(list);
        if (rehash && isPlainRecord(json) && json.payload !== undefined) {
          json.envelope.payload_hash = payloadHash(JSON.stringify(json.payload));
        }
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
        expect(JSON.parse(read.envelopeText)).toEqual(read.envelope);
        if (read.payloadText !== undefined)
          expect(payloadHash(read.payloadText)).toBe(read.envelope.payload_hash);
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
