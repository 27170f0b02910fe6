import { describe, expect, it } from "vitest";
import { faultPlan } from "./plan.ts";

const KINDS = ["a", "b", "c", "d"];
const first = (seed: number, count: number) => {
  const plan = faultPlan({ seed, kinds: KINDS, accepts: { fewest: 10, most: 20 } });
  return Array.from({ length: count }, () => plan.next().value);
};

describe("the plan of faults", () => {
  it("is the same for the same seed, and another for another", () => {
    expect(first(7, 40)).toEqual(first(7, 40));
    expect(first(7, 40)).not.toEqual(first(8, 40));
  });

  it("has every kind once in each round, and stays within its bounds", () => {
    const plan = first(1, 12);
    for (let round = 0; round < 3; round++) {
      const kinds = plan.slice(round * 4, round * 4 + 4).map((entry) => entry?.fault);
      expect(kinds.sort()).toEqual(KINDS);
    }
    for (const entry of plan) {
      expect(entry?.accepts).toBeGreaterThanOrEqual(10);
      expect(entry?.accepts).toBeLessThanOrEqual(20);
    }
  });
});
