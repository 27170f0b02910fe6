import { createMemoryLog } from "@tripline/stream";
import { expect, it } from "vitest";
import { type Held, type Mark, Marks } from "./marks.ts";

const TOPIC = "tripline.events";

function nextOf(mark: Mark | null): Map<number, number> {
  const held = mark?.held.get(TOPIC) ?? new Map<number, Held>();
  return new Map([...held].map(([partition, { next }]) => [partition, next]));
}

it("a mark is ripe when the grace is over and every partition's group has committed past it", async () => {
  const log = createMemoryLog();
  await log.ensureTopics([{ name: TOPIC, partitions: 2, cleanup: "delete" }]);
  let nowMs = 0;
  const marks = new Marks({ log, groups: { [TOPIC]: "archiver" }, graceMs: 100, monotonic: () => nowMs });
  const append = (partition: number) =>
    log.produce(TOPIC, [{ key: "k", value: Buffer.from("v"), partition }]);
  const commit = async (offsets: readonly number[]) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let left = offsets.length;
    const consumer = await log.consume({
      topic: TOPIC,
      group: "archiver",
      onAssigned: async ({ partition, commit: to }) => {
        await to(offsets[partition] ?? 0);
        left -= 1;
        if (left === 0) resolve();
        return { onBatch: async () => undefined };
      },
    });
    await promise;
    await consumer.close();
  };

  await append(0);
  await append(1);
  expect(await marks.look()).toBeNull(); // too young, and not archived
  nowMs = 150;
  expect(await marks.look()).toBeNull(); // not archived
  await commit([1, 0]);
  expect(await marks.look()).toBeNull(); // one partition is behind
  await commit([1, 1]);
  await append(0);
  const ripe = await marks.look();
  expect(ripe?.atMs).toBe(0);
  expect(nextOf(ripe)).toEqual(
    new Map([
      [0, 1],
      [1, 1],
    ]),
  );
  nowMs = 400;
  await commit([2, 1]);
  const next = await marks.look();
  expect(nextOf(next)).toEqual(
    new Map([
      [0, 2],
      [1, 1],
    ]),
  );
  await log.close();
});
