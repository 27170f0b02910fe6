import { type Admin, ListOffsetTimestamps } from "@platformatic/kafka";
import type { CommittedOffset } from "../log.ts";
import { fromPlatformatic } from "./errors.ts";

const READ_COMMITTED = 1;

export async function fetchBounds(admin: Admin, topic: string, partitions: number) {
  const all = Array.from({ length: partitions }, (_, partition) => partition);
  const ask = async (timestamp: bigint, isolationLevel: 0 | 1): Promise<Map<number, number>> => {
    const [found] = await admin.listOffsets({
      topics: [{ name: topic, partitions: all.map((partitionIndex) => ({ partitionIndex, timestamp })) }],
      isolationLevel,
    });
    return new Map(found?.partitions.map(({ partitionIndex, offset }) => [partitionIndex, Number(offset)]));
  };
  try {
    const [earliest, next] = await Promise.all([
      ask(ListOffsetTimestamps.EARLIEST, READ_COMMITTED),
      ask(ListOffsetTimestamps.LATEST, 0),
    ]);
    return all.flatMap((partition) => {
      const low = earliest.get(partition);
      const high = next.get(partition);
      return low === undefined || high === undefined ? [] : [{ partition, earliest: low, next: high }];
    });
  } catch (error) {
    throw fromPlatformatic(error, `reading the offsets of ${topic}`);
  }
}

export async function fetchCommitted(admin: Admin, topic: string, group: string, partitions: number) {
  try {
    const partitionIndexes = Array.from({ length: partitions }, (_, partition) => partition);
    const [found] = await admin.listConsumerGroupOffsets({
      groups: [{ groupId: group, topics: [{ name: topic, partitionIndexes }] }],
    });
    const committed = new Map<number, CommittedOffset>();
    for (const { name, partitions } of found?.topics ?? []) {
      if (name !== topic) continue;
      for (const { partitionIndex, committedOffset, metadata } of partitions) {
        if (committedOffset < 0n) continue;
        committed.set(partitionIndex, { offset: Number(committedOffset), metadata: metadata ?? "" });
      }
    }
    return committed;
  } catch (error) {
    throw fromPlatformatic(error, `reading the commits of ${group}`);
  }
}
