import { expect, it } from "vitest";
import { AnswerSize } from "./answer-size.ts";

it("asks for more where records are small, step by step, and for fewer where they are large, at once", () => {
  const size = new AnswerSize();
  const first = size.positions;
  size.answered(first, first * 100);
  expect(size.positions).toBe(first * 4);
  for (let n = 0; n < 10; n++) size.answered(size.positions, size.positions * 100);
  expect(size.positions).toBe(262_144);
  size.answered(262_144, 262_144 * 50_000);
  expect(size.positions).toBeLessThan(2_000);
  expect(size.positions * 50_000).toBeLessThan(100_000_000);
  size.answered(size.positions, 1e15);
  expect(size.positions).toBe(256);
});
