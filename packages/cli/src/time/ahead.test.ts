import { describe, expect, it } from "vitest";
import { parseAhead } from "./ahead.ts";

const NOW = new Date("2026-11-21T09:15:00.000Z");

describe("parseAhead", () => {
  it.each([
    ["30m", "2026-11-21T09:45:00.000Z"],
    ["8h", "2026-11-21T17:15:00.000Z"],
    ["7 d", "2026-11-28T09:15:00.000Z"],
    ["4w", "2026-12-19T09:15:00.000Z"],
    ["2026-12-01T08:00:00Z", "2026-12-01T08:00:00.000Z"],
    ["2026-12-01T08:00:00+01:00", "2026-12-01T07:00:00.000Z"],
    ["2027-01-31", new Date(2027, 0, 31).toISOString()],
  ])("takes %j as %s", (text, expected) => {
    expect(parseAhead(text, NOW)).toBe(expected);
  });

  it.each(["", "soon", "0h", "2h ago", "2026-11-20", "2026-11-21T09:15:00Z", "2027-02-30", "9 fortnights"])(
    "takes no time that has passed, and does not guess: %j",
    (text) => {
      expect(parseAhead(text, NOW)).toBeNull();
    },
  );
});
