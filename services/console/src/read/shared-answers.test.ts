import { expect, it } from "vitest";
import { SharedAnswers } from "./shared-answers.ts";

function setUp() {
  let now = 0;
  let loads = 0;
  const answers = new SharedAnswers<number>(() => now);
  const get = (tookMs: number, key = "a") =>
    answers.get(key, async () => {
      loads += 1;
      now += tookMs;
      return loads;
    });
  return { get, pass: (ms: number) => (now += ms), answers };
}

it("loads once for all who ask at the same time or shortly after", async () => {
  const { get, pass } = setUp();
  expect(await Promise.all([get(10), get(10)])).toEqual([1, 1]);
  pass(1_999);
  expect(await get(10)).toBe(1);
  pass(1);
  expect(await get(10)).toBe(2);
});

it("keeps an answer longer when it cost more", async () => {
  const { get, pass } = setUp();
  await get(3_000);
  pass(11_999);
  expect(await get(3_000)).toBe(1);
  pass(1);
  expect(await get(3_000)).toBe(2);
});

it("keeps keys apart", async () => {
  const { get } = setUp();
  expect([await get(1, "a"), await get(1, "b")]).toEqual([1, 2]);
});

it("tries again after a failure", async () => {
  const { get, answers } = setUp();
  await expect(answers.get("a", () => Promise.reject(new Error("away")))).rejects.toThrow("away");
  expect(await get(1)).toBe(1);
});
