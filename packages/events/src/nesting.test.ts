import { expect, test } from "vitest";
import { isNestedDeeper, MAX_RECORD_DEPTH } from "./nesting.ts";
import { parseRecord } from "./record.ts";

const nested = (depth: number) => JSON.parse("[".repeat(depth) + "]".repeat(depth));

test("depth is counted in arrays and objects, and never by how much stack is left", () => {
  expect(isNestedDeeper(nested(MAX_RECORD_DEPTH))).toBe(false);
  expect(isNestedDeeper(nested(MAX_RECORD_DEPTH + 1))).toBe(true);
  expect(isNestedDeeper({ a: { b: [1, null, {}] } }, 4)).toBe(false);
  expect(isNestedDeeper({ a: { b: [1, null, {}] } }, 3)).toBe(true);
  expect(isNestedDeeper(nested(200_000))).toBe(true);
  for (const flat of [null, 1, "x", undefined]) expect(isNestedDeeper(flat)).toBe(false);
});

test("a record that is nested too deep is refused with a reason, whatever else is wrong with it", () => {
  for (const depth of [MAX_RECORD_DEPTH, 10_000, 100_000]) {
    const deep = "[".repeat(depth) + "]".repeat(depth);
    expect(() => parseRecord(`{"envelope":{},"payload":{"args":${deep}}}`)).toThrow(/nested deeper than 128/);
  }
});
