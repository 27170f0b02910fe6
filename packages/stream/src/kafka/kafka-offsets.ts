import type { Admin } from "kafkajs";
import type { CommittedOffset } from "../log.ts";
import { fromKafka } from "./errors.ts";

const NEVER_COMMITTED = "-1";

export async function fetchBounds(admin: Admin, topic: string) {
  try {
    const offsets = await admin.fetchTopicOffsets(topic);
    return offsets
      .map(({ partition, low, high }) => ({ partition, earliest: Number(low), next: Number(high) }))
      .sort((a, b) => a.partition - b.partition);
  } catch (error) {
    throw fromKafka(error, `reading the offsets of ${topic}`);
  }
}

/**
 * What the group has committed. An offset below zero is what kafkajs writes when it jumps over a gap: it stays in the
 * result, and is in no log, so that the jump is not taken in silence.
 */
export async function fetchCommitted(admin: Admin, topic: string, group: string) {
  try {
    const [found] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
    const committed = new Map<number, CommittedOffset>();
    for (const { partition, offset, metadata } of found?.partitions ?? []) {
      if (offset === NEVER_COMMITTED) continue;
      committed.set(partition, { offset: Number(offset), metadata: metadata ?? "" });
    }
    return committed;
  } catch (error) {
    throw fromKafka(error, `reading the commits of ${group}`);
  }
}
