import * as fc from "fast-check";
import { expect, it } from "vitest";
import { editDistance, likenessOf } from "./likeness.ts";

it.each([
  ["githuh", "github", "one_off"],
  ["gitbub", "github", "one_off"],
  ["gihtub", "github", "one_off"],
  ["gіthub", "github", "same_look"], // Cyrillic і
  ["g1thub", "gthub", null],
  ["githu8-server", "github-server", "one_off"],
  ["paypa1", "paypal", "same_look"],
  ["git-hub", "github", "same_look"],
  ["file_system", "filesystem", "same_look"],
  ["rnemory-graph", "memory-graph", "same_look"],
  ["filesytem", "filesystem", "one_off"],
  ["filesystems", "filesystem", null],
  ["github", "github", null],
  ["GitHub", "github", null],
  ["db-1", "db-2", null],
  ["prod-eu", "prod-us", null],
  ["github-enterprise", "github", null],
  ["slack", "stack", "one_off"],
  ["mail", "main", null],
  ["customer-mcp-staging", "customer-mcp-testing", null],
  ["send_message", "read_message", null],
])("%s is like %s: %s", (name, known, expected) => {
  expect(likenessOf(name, known)).toBe(expected);
});

it("a distance is a distance", () => {
  const word = fc.stringMatching(/^[abc]{0,8}$/);
  fc.assert(
    fc.property(word, word, (a, b) => {
      const distance = editDistance(a, b);
      expect(distance).toBe(editDistance(b, a));
      expect(distance === 0).toBe(a === b);
      expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
      expect(distance).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
    }),
  );
});
