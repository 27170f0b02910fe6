import fc from "fast-check";
import { expect, test } from "vitest";
import { globMatches } from "./glob.ts";

test.each([
  ["local:ci-*", "local:ci-7", true],
  ["local:ci-*", "local:ci-", true],
  ["local:ci-*", "key:x/local:ci-7", false],
  ["*", "", true],
  ["grant:https://idp/*/ana", "grant:https://idp/app/x/ana", true],
  ["a.c", "abc", false],
  ["", "", true],
  ["", "a", false],
  ["*a*b", "xaxxbxb", true],
])("%s on %s: %s", (pattern, text, expected) => {
  expect(globMatches(pattern, text)).toBe(expected);
});

test("agrees with a regular expression on any pattern and text", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "*", "/"), maxLength: 12 });
  fc.assert(
    fc.property(letters, letters, (pattern, text) => {
      const regex = new RegExp(`^${pattern.replaceAll("*", ".*")}$`, "s");
      expect(globMatches(pattern, text)).toBe(regex.test(text));
    }),
  );
});
