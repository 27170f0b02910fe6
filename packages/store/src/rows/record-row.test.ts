import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyEnvelope } from "../testing/any-envelope.ts";
import {
  envelopeFromRow,
  RECORD_COLUMNS,
  rowFromEnvelope,
  textFromValues,
  valuesFromEnvelope,
} from "./record-row.ts";

const SOURCE = { generation: "memory-1", partition: 0, offset: 7, appendTime: Date.UTC(2026, 10, 21) };

/** Reads a line as the table would give it back. */
function stored(line: string): { values: unknown[]; detail: string; raw: string } {
  const row: unknown[] = JSON.parse(line);
  const at = (column: string) => row[RECORD_COLUMNS.indexOf(column)];
  const values = row
    .slice(0, RECORD_COLUMNS.indexOf("revocation_id"))
    .map((value) => (Array.isArray(value) && value.length === 0 ? null : value));
  return { values, detail: String(at("detail")), raw: String(at("raw")) };
}

describe("an envelope's row", () => {
  it("gives the envelope's exact bytes back, whatever they were", () => {
    fc.assert(
      fc.property(anyEnvelope, fc.constantFrom(0, 1), (envelope, spaces) => {
        const text = JSON.stringify(envelope, null, spaces);
        const parsed = JSON.parse(text);
        expect(
          envelopeFromRow(stored(rowFromEnvelope(parsed, text, text === JSON.stringify(parsed), SOURCE))),
        ).toBe(text);
      }),
      { numRuns: 3000 },
    );
  });

  it("keeps no copy of the bytes of an ordinary envelope", () => {
    const envelope = {
      v: 1,
      id: "0192f000-0000-7000-8000-000000000001",
      type: "call",
      time: "2026-11-21T09:30:00.123Z",
      received: "2026-11-21T09:30:00.125Z",
      tenant: "acme",
      producer: { id: "gw-1", boot: "0192f000-0000-7000-8000-000000000002", seq: 0 },
      actor: { principal: "sub_1", credential: "local:demo", assurance: "verified", roles: ["a", "b"] },
      session: { id: "s", source: "mcp" },
      target: { server: "files", tool: "read", transport: "stdio" },
      call: {
        id: "0192f000-0000-7000-8000-000000000003",
        method: "tools/call",
        duration_ms: 12.407,
        outcome: "ok",
        args_bytes: 0,
        truncated: false,
      },
      usage: { tokens_in: 0, cost_usd: 0.00123 },
      payload_hash: "ab".repeat(32),
    };
    const made = valuesFromEnvelope(envelope);
    expect(made.detail).toBeNull();
    expect(textFromValues(made)).toBe(JSON.stringify(envelope));
  });

  it("is found by its arrival when its time is no moment", () => {
    const text = `{"v":1,"id":"0192f000-0000-7000-8000-000000000001","type":"tick","time":"2026-13-45T99:99:99.999Z","tenant":"acme"}`;
    const line = rowFromEnvelope(JSON.parse(text), text, true, SOURCE);
    const row: unknown[] = JSON.parse(line);
    expect(row[RECORD_COLUMNS.indexOf("time")]).toBe("2026-11-21T00:00:00.000Z");
    expect(envelopeFromRow(stored(line))).toBe(text);
  });
});
