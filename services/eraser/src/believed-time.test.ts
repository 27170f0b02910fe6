import { expect, it } from "vitest";
import { BelievedTime } from "./believed-time.ts";

const DAY_MS = 24 * 3600 * 1000;
const START = Date.UTC(2026, 10, 21);

it("goes with the date, but for a jump forward: that is believed for a day", () => {
  let clocks = { wall: START, uptime: 5_000 };
  const time = new BelievedTime(() => clocks);
  expect(time.now()).toBe(START);
  clocks = { wall: START + 90 * DAY_MS, uptime: 5_000 + 90 * DAY_MS };
  expect(time.now()).toBe(START + 90 * DAY_MS);
  clocks = { wall: START + 455 * DAY_MS, uptime: 5_000 + 90 * DAY_MS };
  expect(time.now()).toBe(START + 91 * DAY_MS);
  clocks = { wall: START - 365 * DAY_MS, uptime: 5_000 + 91 * DAY_MS };
  expect(time.now()).toBe(START - 365 * DAY_MS);
});
