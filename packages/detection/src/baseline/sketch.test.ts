import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addValue,
  countOf,
  emptySketch,
  medianDeviation,
  mergedSketch,
  quantile,
  RELATIVE_ERROR,
} from "./sketch.ts";

function sketchOf(values: readonly number[]): ReturnType<typeof emptySketch> {
  const sketch = emptySketch();
  for (const value of values) addValue(sketch, value);
  return sketch;
}

/** The value at the rank that `quantile` speaks of. */
function exactQuantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1] ?? 0;
}

const value = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 1, max: 100_000 }),
  fc.double({ min: 1, max: 300, noNaN: true }),
);
const values = fc.array(value, { minLength: 1, maxLength: 1000 });
const ROUNDING = 1e-9; // of logarithms, at a bin's bound

describe("a sketch", () => {
  it("knows every quantile within its relative error", () => {
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (all, q) => {
        const exact = exactQuantile(all, q);
        expect(Math.abs(quantile(sketchOf(all), q) - exact)).toBeLessThanOrEqual(
          exact * (RELATIVE_ERROR + ROUNDING),
        );
      }),
    );
  });

  it("merged is as if all values had been added to one, whatever the order", () => {
    fc.assert(
      fc.property(values, values, (some, others) => {
        fc.pre(some.length + others.length <= 1000);
        const merged = mergedSketch([sketchOf(some), sketchOf(others)]);
        expect(merged).toEqual(sketchOf([...others, ...some]));
        expect(countOf(merged)).toBe(some.length + others.length);
      }),
    );
  });

  it("stays small whatever it is given", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: false }), { maxLength: 300 }),
        fc.nat({ max: 20 }),
        (odd, rounds) => {
          const sketch = emptySketch();
          for (let round = 0; round <= rounds; round += 1) for (const each of odd) addValue(sketch, each);
          expect(countOf(sketch)).toBeLessThanOrEqual(1024);
          expect(sketch.bins.length).toBeLessThanOrEqual(128);
          expect(JSON.stringify(sketch)).not.toContain("null");
          expect(Number.isFinite(quantile(sketch, 1))).toBe(true);
        },
      ),
    );
  });

  it("keeps the upper quantiles where values spread so far that its bins run out", () => {
    const wide = Array.from({ length: 400 }, (_, index) => 1.08 ** index);
    const exact = exactQuantile(wide, 0.99);
    expect(Math.abs(quantile(sketchOf(wide), 0.99) - exact)).toBeLessThanOrEqual(exact * RELATIVE_ERROR);
  });

  it("forgets: a year of the new outweighs a year of the old, rare values included", () => {
    const sketch = sketchOf(Array.from({ length: 1000 }, (_, index) => (index % 100 === 0 ? 5000 : 1000)));
    for (let index = 0; index < 3000; index += 1) addValue(sketch, 10);
    expect(quantile(sketch, 0.5)).toBeCloseTo(10, -0.5);
    expect(quantile(sketch, 0.85)).toBeLessThan(20);
    const rare = sketchOf(Array.from({ length: 1030 }, (_, index) => (index % 100 === 0 ? 5000 : 10)));
    expect(quantile(rare, 0.999)).toBeGreaterThan(4000); // halved once, and still there
  });
});

it("the median deviation is within what two values' errors allow", () => {
  fc.assert(
    fc.property(values, (all) => {
      const median = exactQuantile(all, 0.5);
      const exact = exactQuantile(
        all.map((each) => Math.abs(each - median)),
        0.5,
      );
      const furthest = median + Math.max(median, exact + median);
      expect(Math.abs(medianDeviation(sketchOf(all)) - exact)).toBeLessThanOrEqual(
        furthest * 2 * RELATIVE_ERROR + 1e-6,
      );
    }),
  );
});
