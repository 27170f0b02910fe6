import { expect, test } from "vitest";
import { OneAtATime } from "./one-at-a-time.ts";

test("one after the other, in order; who fails is told, and holds up nobody", async () => {
  const turns = new OneAtATime();
  const gate = Promise.withResolvers<void>();
  const seen: string[] = [];
  const first = turns.run(async () => {
    await gate.promise;
    seen.push("first");
    throw new Error("broken");
  });
  const second = turns.run(async () => {
    seen.push("second");
    return 2;
  });
  const idle = turns.idle().then(() => seen.push("idle"));
  await Promise.resolve();
  expect(seen).toEqual([]);
  gate.resolve();
  await expect(first).rejects.toThrow("broken");
  expect(await second).toBe(2);
  await idle;
  expect(seen).toEqual(["first", "second", "idle"]);
});
