import { expect, it } from "vitest";
import { waitFor } from "../../../../test/support/wait-for.ts";
import type { PartitionBounds } from "./kafka-offsets.ts";
import { OwnedPartition } from "./owned-partition.ts";

/** Answers that no broker gives on demand: each names the partitions that it knows. */
function answering(answers: readonly number[][]) {
  let asked = 0;
  const bounds = async (): Promise<PartitionBounds[]> => {
    const known = answers[Math.min(asked, answers.length - 1)] ?? [];
    asked += 1;
    return known.map((partition) => ({ partition, earliest: 4, next: 9 }));
  };
  return { bounds, asked: () => asked };
}

function own(bounds: () => Promise<PartitionBounds[]>) {
  const started: number[] = [];
  const owned = new OwnedPartition({
    options: { topic: "t", group: "g", onAssigned: async () => ({ onBatch: async () => undefined }) },
    partition: 1,
    compacted: false,
    committed: async () => new Map(),
    bounds,
    before: Promise.resolve(),
    startAt: (offset) => started.push(offset),
    commit: async () => undefined,
  });
  return { owned, started };
}

it("asks again when the broker's answer leaves the partition out, says so meanwhile, and then starts it", async () => {
  const { bounds, asked } = answering([[0, 2], [], [0, 1, 2]]);
  const { owned, started } = own(bounds);
  await waitFor(() => owned.trouble, { what: "the trouble" });
  expect(owned.trouble).toContain("partition 1 of t");
  await owned.ready;
  expect(owned.trouble).toBe(null);
  expect(started).toEqual([4]);
  expect(asked()).toBe(3);
});

it("stops asking when the partition is lost meanwhile", async () => {
  const { bounds, asked } = answering([[0]]);
  const { owned, started } = own(bounds);
  await waitFor(() => asked() > 0, { what: "the first question" });
  await owned.lose();
  await owned.ready;
  expect(started).toEqual([]);
});
