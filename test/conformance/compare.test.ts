import { expect, it } from "vitest";
import { compareResults } from "./compare.ts";

const result = (checks: Record<string, string[]>): Map<string, string[]> => new Map(Object.entries(checks));

it("notices a changed status, a missing check and a missing scenario", () => {
  const direct = result({ a: ["x=SUCCESS", "y=SUCCESS"], b: ["x=SUCCESS"], c: ["x=INFO"], d: ["x=FAILURE"] });
  const proxied = result({ a: ["x=SUCCESS", "y=FAILURE"], b: [], d: ["x=FAILURE"] });
  const { scenarios, statuses, differences } = compareResults(direct, proxied);
  expect(differences.map(({ scenario }) => scenario)).toEqual(["a", "b", "c"]);
  expect([scenarios, statuses]).toEqual([4, { SUCCESS: 3, INFO: 1, FAILURE: 1 }]);
  expect(compareResults(direct, direct).differences).toEqual([]);
});
