import fc from "fast-check";
import { expect, it } from "vitest";
import { windowsOf } from "./doubled-ids.ts";

it("covers every day once, with no window larger than what is grouped at once", () => {
  const day = (number: number) => new Date(number * 86_400_000).toISOString().slice(0, 10);
  const someDays = fc
    .uniqueArray(fc.record({ number: fc.nat(50_000), rows: fc.integer({ min: 1, max: 5_000_000 }) }), {
      selector: ({ number }) => number,
    })
    .map((days) => days.sort((a, b) => a.number - b.number));
  fc.assert(
    fc.property(someDays, (days) => {
      const windows = windowsOf(days.map(({ number, rows }) => ({ day: day(number), rows })));
      const inside = (window: (typeof windows)[number]) =>
        days.filter(({ number }) => {
          const start = new Date(number * 86_400_000).toISOString();
          return start >= window.since && start < window.until;
        });
      for (const { number } of days) {
        const start = new Date(number * 86_400_000).toISOString();
        const holding = windows.filter(({ since, until }) => start >= since && start < until);
        expect(holding.map(({ part }) => part)).toEqual(
          Array.from({ length: holding[0]?.parts ?? 1 }, (_, part) => part),
        );
      }
      for (const window of windows) {
        const rows = inside(window).reduce((sum, each) => sum + each.rows, 0);
        expect(rows / window.parts).toBeLessThanOrEqual(1_000_000);
      }
    }),
  );
});
