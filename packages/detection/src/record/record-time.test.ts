import * as fc from "fast-check";
import { expect, it } from "vitest";
import { timeOf } from "./record-time.ts";

const iso = fc
  .date({ min: new Date(0), max: new Date("2100-01-01"), noInvalidDate: true })
  .map((date) => date.toISOString());
const damaged = fc
  .tuple(iso, fc.nat(23), fc.constantFrom("0", "6", "9", "Z", ".", "-", " ", "x", "T"))
  .map(([text, at, char]) => text.slice(0, at) + char + text.slice(at + 1));

it("is Date.parse, whatever was read before", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(iso, damaged, fc.string({ maxLength: 30 }))), (texts) => {
      for (const text of texts) expect(timeOf(text)).toBe(Date.parse(text));
    }),
    { numRuns: 2000 },
  );
});

it("reads several times of one minute", () => {
  for (const second of ["00.000", "07.250", "59.999", "60.000", "61.5"]) {
    const text = `2026-11-21T09:30:${second}Z`;
    expect(timeOf(text)).toBe(Date.parse(text));
  }
});
