import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Baseline,
  hourOfWeek,
  learn,
  restoredBaseline,
  savedBaseline,
  usualAt,
  usuallyAtMost,
} from "./baseline.ts";

const SATURDAY_20 = hourOfWeek(Date.parse("2026-11-21T20:30:00Z"));

function baseline(...windows: [hour: number, value: number, times: number][]): Baseline {
  const made: Baseline = { since: 0, hours: new Map() };
  for (const [hour, value, times] of windows)
    for (let each = 0; each < times; each += 1) learn(made, hour, value);
  return made;
}

it("hours of the week begin on Monday, and move with the time zone", () => {
  expect(hourOfWeek(Date.parse("2026-11-16T00:00:00Z"))).toBe(0);
  expect(SATURDAY_20).toBe(5 * 24 + 20);
  expect(hourOfWeek(Date.parse("2026-11-15T23:30:00Z"), 3_600_000)).toBe(0);
  expect(hourOfWeek(-1)).toBe(hourOfWeek(7 * 86_400_000 - 1));
});

describe("what is usual", () => {
  it("is that of the hour of the week where enough is known of it", () => {
    const usual = usualAt(baseline([SATURDAY_20, 3, 20], [20, 100, 500]), SATURDAY_20, "UTC");
    expect(usual?.when).toBe("Saturdays 20:00-21:00 UTC");
    expect(usual?.windows).toBe(20);
    expect(usual === null ? 0 : usuallyAtMost(usual)).toBeCloseTo(3, 0);
  });

  it("else that of the hour of any day, else that of all hours, else nobody knows", () => {
    expect(usualAt(baseline([SATURDAY_20, 3, 19], [20, 100, 1]), SATURDAY_20, "UTC")?.when).toBe(
      "20:00-21:00 UTC",
    );
    expect(usualAt(baseline([SATURDAY_20, 3, 19], [21, 100, 31]), SATURDAY_20, "UTC")?.when).toBe("any hour");
    expect(usualAt(baseline([SATURDAY_20, 3, 19], [21, 100, 30]), SATURDAY_20, "UTC")).toBeNull();
  });
});

it("a baseline comes back as it was saved", () => {
  const windows = fc.array(
    fc.tuple(
      fc.nat({ max: 167 }),
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      fc.integer({ min: 1, max: 30 }),
    ),
    { maxLength: 50 },
  );
  fc.assert(
    fc.property(windows, (some) => {
      const made = baseline(...some);
      expect(restoredBaseline(JSON.parse(JSON.stringify(savedBaseline(made))))).toEqual(made);
    }),
  );
});
