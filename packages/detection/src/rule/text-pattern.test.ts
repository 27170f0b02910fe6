import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MANY, ONE, openPattern, parsePattern, patternTest, type TextPattern } from "./text-pattern.ts";

/** Tries everything: the definition of what a pattern matches. */
function naive(pattern: TextPattern, text: string): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return text === "";
  if (first === MANY)
    return Array.from({ length: text.length + 1 }, (_, at) => text.slice(at)).some((end) => naive(rest, end));
  if (first === ONE) return text.length > 0 && naive(rest, text.slice(1));
  return text.startsWith(first) && naive(rest, text.slice(first.length));
}

const same = (text: string): string => text;

it("a pattern matches what the definition says", () => {
  const values = fc.string({ unit: fc.constantFrom("a", "b", "*", "?", "\\"), maxLength: 9 });
  const texts = fc.string({ unit: fc.constantFrom("a", "b", "\\", "*"), maxLength: 10 });
  fc.assert(
    fc.property(values, texts, fc.boolean(), fc.boolean(), (value, text, before, after) => {
      const pattern = openPattern(parsePattern(value), before, after);
      expect(patternTest(pattern, same)(text)).toBe(naive(pattern, text));
    }),
    { numRuns: 3000 },
  );
});

describe("escapes, as the specification lists them", () => {
  it.each([
    ["a\\b", ["a\\b"]],
    ["a\\\\b", ["a\\b"]],
    ["\\*", ["*"]],
    ["\\?x", ["?x"]],
    ["\\\\*", ["\\", MANY]],
    ["\\\\\\*", ["\\*"]],
    ["\\\\\\\\", ["\\\\"]],
    ["\\\\\\", ["\\\\"]],
    ["", []],
    ["a*b?", ["a", MANY, "b", ONE]],
  ])("%s", (value, parts) => {
    expect(parsePattern(value)).toEqual(parts);
  });
});

it("no two texts of a pattern stand side by side", () => {
  fc.assert(
    fc.property(fc.string(), (value) => {
      const parts = parsePattern(value);
      expect(parts.every((part, at) => typeof part !== "string" || typeof parts[at - 1] !== "string")).toBe(
        true,
      );
    }),
  );
});

it("a hostile text costs its length times the longest run", () => {
  const pattern = parsePattern(`*${"a?".repeat(100)}b*`);
  expect(patternTest(pattern, same)("a".repeat(65_536))).toBe(false);
});
