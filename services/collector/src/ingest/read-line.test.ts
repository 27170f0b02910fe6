import { encodeRecord, parseRecord, payloadHash, TriplineError } from "@tripline/events";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sampleEnvelope, sampleLine } from "../../test/sample-records.ts";
import { isPlainCall } from "./plain-call.ts";
import { encodeReceived, readLine } from "./read-line.ts";

/** The reference: what the schema says of a line, as one comparable value. */
function reference(line: string): string {
  try {
    return `taken ${encodeRecord(parseRecord(line))}`;
  } catch (error) {
    if (error instanceof TriplineError) return `refused ${error.code} ${error.message}`;
    throw error;
  }
}

function actual(line: string): string {
  const read = readLine(line);
  if (read.kind === "refused") return `refused ${read.code} ${read.message}`;
  return `taken ${encodeReceived(read, "2026-11-21T09:30:00.123Z").replace(',"received":"2026-11-21T09:30:00.123Z"', "")}`;
}

const ODD_VALUES = [
  null,
  true,
  "",
  "a",
  "x".repeat(257),
  "x".repeat(256),
  "\u0000",
  "\u007f",
  "ACME",
  "a/b",
  "0192AAAA-0000-7000-8000-000000000000",
  "2026-11-21T09:30:00Z",
  "2026-11-21T09:30:00.123+00:00",
  "2026-11-21T09:30:00.123Z\n",
  `local:${"x".repeat(506)}`,
  `local:${"x".repeat(507)}`,
  "local:a/b",
  "local:a b",
  "key:a/b",
  "grant:x/y",
  "0".repeat(64),
  0,
  -0,
  -1,
  1.5,
  1e308 * 10,
  Number.MAX_SAFE_INTEGER + 1,
  [],
  ["a"],
  Array.from({ length: 65 }, () => "a"),
  {},
  { id: "a" },
];
const oddValue = fc.oneof(fc.constantFrom(...ODD_VALUES), fc.string({ unit: "binary" }), fc.jsonValue());

/** A call with every field that a call may have. */
function fullEnvelope(): Record<string, unknown> {
  return sampleEnvelope({
    actor: {
      principal: "p",
      agent: "a",
      client: "c",
      credential: "key:acme/1",
      token_id: "t",
      assurance: "verified",
      team: "t",
      roles: ["r"],
      delegation: ["d"],
    },
    part: {
      session: { id: "s", source: "mcp", trace_id: "t", span_id: "s" },
      target: {
        server: "s",
        tool: "t",
        definition: "a".repeat(64),
        upstream: "u",
        upstream_env: "E",
        transport: "http",
        environment: "production",
      },
      call: {
        id: "0192aaaa-0000-7000-8000-000000000000",
        method: "tools/call",
        started: "2026-11-21T09:30:00.123Z",
        deadline: "2026-11-21T09:30:00.123Z",
        duration_ms: 1.5,
        outcome: "ok",
        error_code: "e",
        args_bytes: 1,
        result_bytes: 1,
        result_items: 1,
        truncated: false,
      },
      policy: { decision: "allow", rule: "r", approved_by: "a" },
      usage: { tokens_in: 1, tokens_out: 1, cost_usd: 0.5 },
    },
  });
}

/** A valid call with some of its values, at any depth, replaced, removed or joined by others. */
const mutated = fc
  .tuple(
    fc.array(fc.tuple(fc.nat(60), fc.constantFrom("set", "delete", "add"), oddValue, fc.string()), {
      maxLength: 3,
    }),
    fc.boolean(),
  )
  .map(([changes, withPayload]) => {
    const payload = { salt: "0".repeat(32), args: { a: 1 }, result: "r" };
    const envelope = sampleEnvelope({}, withPayload ? payload : undefined);
    for (const [pick, action, value, key] of changes) {
      const places = allPlaces(envelope);
      const place = places[pick % places.length];
      if (place === undefined) continue;
      if (action === "set") place.in[place.key] = value;
      else if (action === "delete") delete place.in[place.key];
      else place.in[key] = value;
    }
    return JSON.stringify(withPayload ? { envelope, payload } : { envelope });
  });

function allPlaces(value: Record<string, unknown>): { in: Record<string, unknown>; key: string }[] {
  return Object.entries(value).flatMap(([key, member]) => [
    { in: value, key },
    ...(isObject(member) ? allPlaces(member) : []),
  ]);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

describe("readLine", () => {
  it("says of every call, however broken, what parseRecord says", () => {
    fc.assert(
      fc.property(mutated, (line) => {
        const expected = reference(line);
        const found = actual(line);
        // The schema moves a known key that was sent late to its place; what was sent in order stays as it was sent.
        if (expected.startsWith("taken")) expect(sorted(found)).toEqual(sorted(expected));
        else expect(found).toBe(expected);
      }),
      { numRuns: 3_000 },
    );
  });

  it("says of every field, given any odd value or left out, what parseRecord says", () => {
    const places = allPlaces(fullEnvelope()).length;
    for (let pick = 0; pick < places; pick++) {
      for (const value of [undefined, ...ODD_VALUES]) {
        const envelope = fullEnvelope();
        const place = allPlaces(envelope)[pick];
        if (place === undefined) throw new Error("the sample changed");
        place.in[place.key] = value;
        const line = JSON.stringify({ envelope });
        expect(actual(line), line).toBe(reference(line));
      }
    }
  });

  it("says of any text what parseRecord says", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
        expect(actual(line)).toBe(reference(line));
      }),
    );
  });

  it("takes the short way for calls and intents, and only for them", () => {
    expect(isPlainCall(sampleEnvelope({}))).toBe(true);
    expect(isPlainCall(sampleEnvelope({ type: "call.intent" }))).toBe(true);
    expect(isPlainCall(sampleEnvelope({ type: "decision" }))).toBe(false);
    expect(isPlainCall(sampleEnvelope({ part: { newer: 1 } }))).toBe(false);
  });

  it("keeps the bytes that a producer's heartbeat hashes", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ unit: "binary" }), (args, result) => {
        const payload = { salt: "0".repeat(32), args, result };
        const envelope: Record<string, unknown> = { ...sampleEnvelope({}, payload), newer: args };
        const line = JSON.stringify({ envelope, payload });
        const read = readLine(line);
        if (read.kind === "refused") throw new Error(read.message);
        const received = '"received":"2026-11-21T09:30:00.123Z",';
        expect(encodeReceived(read, "2026-11-21T09:30:00.123Z").replace(received, "")).toBe(line);
        expect(read.payloadText === undefined ? "" : payloadHash(read.payloadText)).toBe(
          envelope.payload_hash,
        );
      }),
    );
  });

  it("lets one key of two through, and no bytes behind the parser's back", () => {
    const line = sampleLine().replace('"tenant":"acme"', '"tenant":"evil","tenant":"acme"');
    const read = readLine(line);
    if (read.kind === "refused") throw new Error(read.message);
    expect(read.envelope.tenant).toBe("acme");
    expect(encodeReceived(read, "2026-11-21T09:30:00.123Z")).not.toContain("evil");
  });
});

function sorted(taken: string): unknown {
  return JSON.parse(taken.slice("taken ".length));
}
