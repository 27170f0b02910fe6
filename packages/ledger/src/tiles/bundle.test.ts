import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBundle, encodeBundle, MAX_ENTRY_BYTES } from "./bundle.ts";

const entry = fc.oneof(fc.uint8Array({ maxLength: 60 }), fc.uint8Array({ minLength: 250, maxLength: 600 }));

describe("an entry bundle", () => {
  it("is lengths of two bytes, the higher first, and entries", () => {
    const bytes = encodeBundle([Uint8Array.of(7, 8), new Uint8Array(0), new Uint8Array(258).fill(1)]);
    expect([...bytes.subarray(0, 8)]).toEqual([0, 2, 7, 8, 0, 0, 1, 2]);
    expect(bytes.length).toBe(4 + 2 + 260);
  });

  it("is read back as it was written", () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 30 }), (entries) => {
        expect(decodeBundle(encodeBundle(entries))).toEqual(entries);
      }),
    );
    const largest = new Uint8Array(MAX_ENTRY_BYTES).fill(9);
    expect(decodeBundle(encodeBundle([largest]))).toEqual([largest]);
  });

  it("has one spelling: what can be read is written the same", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const entries = decodeBundle(bytes);
        if (entries !== null) expect(encodeBundle(entries)).toEqual(bytes);
      }),
      { numRuns: 500 },
    );
  });

  it("is refused when it is cut anywhere inside an entry", () => {
    const bytes = encodeBundle([Uint8Array.of(1, 2, 3), Uint8Array.of(4)]);
    for (let length = 0; length < bytes.length; length++)
      expect(decodeBundle(bytes.subarray(0, length)) === null).toBe(![0, 5].includes(length));
  });

  it("is not made of an entry that is too long", () => {
    expect(() => encodeBundle([new Uint8Array(MAX_ENTRY_BYTES + 1)])).toThrow(
      expect.objectContaining({ code: "TRIPLINE_LEDGER_INVALID" }),
    );
  });
});
