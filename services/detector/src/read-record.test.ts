import { createDetection, recordsOf, shortRecordSchema } from "@tripline/detection";
import { encodeRecord, envelopeSchema, payloadSchema } from "@tripline/events";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readRecord } from "./read-record.ts";
import { loadRules } from "./rules/rule-directory.ts";

const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const samples = recordsOf(
  [
    { tool: "send_email", args: { to: "a@b.example" }, result: "x", intent: true },
    { listed: [{ name: "read_file", description: "Reads." }] },
  ].map((short) => shortRecordSchema.parse(short)),
).map(({ record }) => record);

it("reads what was written, and passes over what no rule looks at", () => {
  for (const record of samples)
    expect(readRecord(new TextEncoder().encode(encodeRecord(record)))).toEqual(record);
  expect(readRecord(bytes({ envelope: { type: "heartbeat" } }))).toBeNull();
});

describe("a record with anything in one place", () => {
  const rules = loadRules();
  const paths = samples.flatMap((record, index) => pathsOf(record).map((path) => ({ index, path })));

  it("is read if the full schema accepts it, and never breaks detection if it is read", async () => {
    const detection = createDetection(await rules);
    const state = detection.initialState();
    let refused = 0;
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.jsonValue({ maxDepth: 2 }), ({ index, path }, value) => {
        const record = replaced(samples[index], path, value);
        const read = attempt(record);
        if (isValid(record)) expect(read).not.toBe("refused");
        if (read === "refused") refused += 1;
        else if (read !== null) detection.step(state, { record: read, appendTime: Date.now() });
      }),
      { numRuns: 2000 },
    );
    expect(refused).toBeGreaterThan(100);
  });

  function attempt(record: unknown): ReturnType<typeof readRecord> | "refused" {
    try {
      return readRecord(bytes(record));
    } catch (error) {
      expect(error).toMatchObject({ code: "TRIPLINE_RECORD_INVALID", kind: "permanent" });
      return "refused";
    }
  }
});

function isValid(record: unknown): boolean {
  const { envelope, payload } = Object(record);
  return (
    envelopeSchema.safeParse(envelope).success &&
    (payload === undefined || payloadSchema.safeParse(payload).success)
  );
}

function pathsOf(value: unknown, path: string[] = []): string[][] {
  if (value === null || typeof value !== "object") return [path];
  return [
    ...(path.length === 0 ? [] : [path]),
    ...Object.entries(value).flatMap(([key, member]) => pathsOf(member, [...path, key])),
  ];
}

function replaced(value: unknown, path: readonly string[], by: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return by;
  if (Array.isArray(value))
    return value.map((member, index) => (String(index) === key ? replaced(member, rest, by) : member));
  return Object.fromEntries(
    Object.entries(Object(value)).map(([name, member]) => [
      name,
      name === key ? replaced(member, rest, by) : member,
    ]),
  );
}
