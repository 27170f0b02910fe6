import { setTimeout as delay } from "node:timers/promises";
import type { Admin } from "kafkajs";
import { streamError } from "../errors.ts";
import type { CommittedOffset } from "../log.ts";
import { fromKafka } from "./errors.ts";

const NEVER_COMMITTED = "-1";
const ASK_AGAIN_MS = 100; // a metadata request takes a few ms
const MAX_TRIES = 20;

export async function fetchBounds(admin: Admin, topic: string) {
  try {
    const offsets = await whileLeadersAreKnown(topic, () => admin.fetchTopicOffsets(topic));
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

/** What a broker says of a topic that was made a moment ago. */
const NOT_YET = new Set(["NOT_LEADER_FOR_PARTITION", "LEADER_NOT_AVAILABLE"]);

/**
 * kafkajs looks for the partitions' leaders in metadata that another question to the same admin may be replacing. Then it
 * finds none, and stumbles over its own empty answer with a TypeError.
 */
async function whileLeadersAreKnown<T>(topic: string, ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      const passes =
        error instanceof TypeError ||
        (error instanceof Error && "type" in error && NOT_YET.has(String(error.type)));
      if (!passes) throw error;
      if (tries === MAX_TRIES) {
        throw streamError(
          "TRIPLINE_STREAM_UNAVAILABLE",
          `the leaders of ${topic} are not known: try again`,
          error,
        );
      }
      await delay(ASK_AGAIN_MS);
    }
  }
}
