import { createContext } from "@tripline/service";
import type { DeadLetterCounts } from "@tripline/store";
import { expect, it } from "vitest";
import { waitFor } from "../../../../test/support/wait-for.ts";
import { fakeStore } from "../testing/fake-store.ts";
import { watchOpenLetters } from "./open-letters.ts";

const OLDEST = "2026-11-21T09:30:00.000Z";

it("tells how many letters are open in health and metrics, and nothing when none is", async () => {
  const context = createContext({ service: "test", logLevel: "silent" });
  const store = fakeStore(new Map());
  let counts: DeadLetterCounts = { open: 3, oldest: OLDEST };
  const watched = { ...store, deadLetters: { ...store.deadLetters, open: async () => counts } };
  const now = () => Date.parse(OLDEST) + 90_000;
  const letters = watchOpenLetters({ ...context, now }, watched);
  expect(letters.detail()).toBeNull();
  letters.start();
  expect(await waitFor(() => letters.detail())).toBe(
    `3 dead letters are open, the oldest since ${OLDEST}: tripline dead-letters list`,
  );
  letters.stop();
  const metrics = await context.metrics.metrics();
  expect(metrics).toMatch(/tripline_dead_letters_open\{[^}]*\} 3/);
  expect(metrics).toMatch(/tripline_dead_letters_oldest_seconds\{[^}]*\} 90/);
  counts = { open: 0, oldest: null };
  letters.start();
  await waitFor(() => letters.detail() === null);
  letters.stop();
  expect(await context.metrics.metrics()).toMatch(/tripline_dead_letters_oldest_seconds\{[^}]*\} 0/);
});
