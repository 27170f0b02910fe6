import { setTimeout as delay } from "node:timers/promises";
import type { Admin, ITopicConfig } from "kafkajs";
import { streamError } from "../errors.ts";
import { isPassing } from "./errors.ts";

const ASK_AGAIN_MS = 100;
const MAX_TRIES = 100; // ten seconds: a small machine that makes a hundred partitions

/** Creates the topics and waits until each partition has a leader; kafkajs's own waiting ends when a broker has not heard of them yet. */
export async function createTopics(admin: Admin, topics: ITopicConfig[]): Promise<void> {
  await admin.createTopics({ waitForLeaders: false, topics });
  const names = topics.map(({ topic }) => topic);
  for (let tries = 1; ; tries++) {
    try {
      const { topics: found } = await admin.fetchTopicMetadata({ topics: names });
      const partitions = found.flatMap((topic) => topic.partitions);
      const wanted = topics.reduce((sum, { numPartitions = 1 }) => sum + numPartitions, 0);
      if (partitions.length >= wanted && partitions.every(({ leader }) => leader >= 0)) return;
      if (tries === MAX_TRIES) {
        throw streamError(
          "TRIPLINE_STREAM_UNAVAILABLE",
          `${names.join(", ")}: made, but without leaders yet: try again`,
        );
      }
    } catch (error) {
      if (!isPassing(error) || tries === MAX_TRIES) throw error;
    }
    await delay(ASK_AGAIN_MS);
  }
}
