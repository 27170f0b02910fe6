import { Kafka, logLevel } from "kafkajs";
import { expect, it, vi } from "vitest";
import { waitFor } from "../../../../test/support/wait-for.ts";
import { OwnedPartition } from "./owned-partition.ts";

/** An admin that no broker stands behind: its answers are made here. */
function adminAnswering(answers: readonly number[][]) {
  const admin = new Kafka({ brokers: ["127.0.0.1:1"], logLevel: logLevel.NOTHING }).admin();
  let asked = 0;
  vi.spyOn(admin, "fetchOffsets").mockResolvedValue([]);
  vi.spyOn(admin, "fetchTopicOffsets").mockImplementation(async () => {
    const known = answers[Math.min(asked, answers.length - 1)] ?? [];
    asked += 1;
    return known.map((partition) => ({ partition, offset: "9", high: "9", low: "4" }));
  });
  return { admin, asked: () => asked };
}

function own(admin: ReturnType<typeof adminAnswering>["admin"]) {
  const started: number[] = [];
  const owned = new OwnedPartition({
    options: { topic: "t", group: "g", onAssigned: async () => ({ onBatch: async () => undefined }) },
    partition: 1,
    compacted: false,
    admin,
    before: Promise.resolve(),
    startAt: (offset) => started.push(offset),
    commit: async () => undefined,
  });
  return { owned, started };
}

it("asks again when the broker's answer leaves the partition out, and then starts it", async () => {
  const { admin, asked } = adminAnswering([[0, 2], [], [0, 1, 2]]);
  const { owned, started } = own(admin);
  await owned.ready;
  expect(started).toEqual([4]);
  expect(asked()).toBe(3);
});

it("stops asking when the partition is lost meanwhile", async () => {
  const { admin, asked } = adminAnswering([[0]]);
  const { owned, started } = own(admin);
  await waitFor(() => asked() > 0, { what: "the first question" });
  await owned.lose();
  await owned.ready;
  expect(started).toEqual([]);
});
