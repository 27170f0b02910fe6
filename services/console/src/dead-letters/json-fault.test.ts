import fc from "fast-check";
import { expect, it } from "vitest";
import { jsonFault } from "./json-fault.ts";

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

it("finds a fault in just what JSON.parse refuses", () => {
  const piece = fc.constantFrom(
    ...'{}[],:"\\ \n0123.eE+-truefalsn',
    '"a"',
    "true",
    "null",
    "1.5e3",
    "\\u00e4",
    "é",
  );
  const cutJson = fc
    .json()
    .chain((text) => fc.nat(text.length).map((at) => text.slice(0, at) + text.slice(at + 1)));
  const text = fc.oneof(
    fc.json(),
    cutJson,
    fc.array(piece).map((pieces) => pieces.join("")),
    fc.string(),
  );
  fc.assert(
    fc.property(text, (any) => {
      expect(jsonFault(any) === null, any).toBe(isJson(any));
    }),
    { numRuns: 2_000 },
  );
});

it.each([
  ["hello", 0, "a value"],
  ['{"a":1,}', 7, "a key in quotation marks"],
  ['{"a" 1}', 5, "a colon"],
  ['{"a":[1 2]}', 8, "a comma or ]"],
  ['{"a":"b', 7, "the closing quotation mark of a text"],
  ["[".repeat(400_000), 400_000, "more text: it ends where a value or ] should follow"],
  ["", 0, "more text: it ends where a value should follow"],
  ['"a\u0000"', 2, "an escaped control character in the text"],
  ["1 2", 2, "the end of the text"],
])("says where %j is wrong", (text, index, expected) => {
  expect(jsonFault(text)).toEqual({ index, expected });
});
