import { setTimeout as delay } from "node:timers/promises";
import type { Cluster } from "kafkajs";
import { z } from "zod";
import { streamError } from "../errors.ts";
import type { CommittedOffset } from "../log.ts";
import { fromKafka, isPassing } from "./errors.ts";
import { knowTopics, leaderOf, refreshAfter } from "./kafka-cluster.ts";

const NEVER_COMMITTED = "-1";
const ASK_AGAIN_MS = 100; // a metadata request takes a few ms
const ASK_FOR_MS = 10_000; // an election takes as long; so does a busy broker with a hundred partitions that are new

export interface PartitionBounds {
  partition: number;
  earliest: number;
  next: number;
}

/** To be read by one who wants only what comes from now on. */
export function atTheEnd(bounds: readonly PartitionBounds[]): PartitionBounds[] {
  return bounds.map(({ partition, next }) => ({ partition, earliest: next, next }));
}

/**
 * Where each partition begins and ends, from its present leader. While one has none, or another leads than the metadata
 * says, the metadata is refreshed and the question asked again, for ten seconds.
 */
export async function fetchBounds(
  cluster: Cluster,
  topic: string,
  count: number,
): Promise<PartitionBounds[]> {
  const partitions = Array.from({ length: count }, (_, partition) => ({ partition }));
  const deadline = performance.now() + ASK_FOR_MS;
  for (;;) {
    try {
      await knowTopics(cluster, [topic]);
      const leaderless = partitions.find(({ partition }) => leaderOf(cluster, topic, partition) === null);
      if (leaderless !== undefined) throw noAnswer(topic, leaderless.partition);
      const [low, high] = await Promise.all(
        [true, false].map(async (fromBeginning) => {
          const [found] = await cluster.fetchTopicsOffset([{ topic, partitions, fromBeginning }]);
          return new Map(
            (found?.partitions ?? []).map(({ partition, offset }) => [partition, Number(offset)]),
          );
        }),
      );
      return partitions.map(({ partition }) => {
        const [earliest, next] = [low?.get(partition), high?.get(partition)];
        if (earliest === undefined || next === undefined) throw noAnswer(topic, partition);
        return { partition, earliest, next };
      });
    } catch (error) {
      if (!isPassing(error) || performance.now() > deadline)
        throw fromKafka(error, `reading the offsets of ${topic}`);
      await refreshAfter(cluster, error).catch(() => undefined); // the next try meets the same
      await delay(ASK_AGAIN_MS);
    }
  }
}

/**
 * What the group has committed, from its present coordinator: asked again for ten seconds, of another when it moved. An
 * offset below zero is what kafkajs's own consumers write when they jump over a gap: it stays in the result, and is in
 * no log, so that the jump is not taken in silence.
 */
export async function fetchCommitted(
  cluster: Cluster,
  topic: string,
  count: number,
  group: string,
): Promise<Map<number, CommittedOffset>> {
  const partitions = Array.from({ length: count }, (_, partition) => ({
    partition,
    offset: NEVER_COMMITTED,
  }));
  const deadline = performance.now() + ASK_FOR_MS;
  for (;;) {
    try {
      await knowTopics(cluster, [topic]);
      const coordinator = await cluster.findGroupCoordinator({ groupId: group });
      const answer = await coordinator.offsetFetch({ groupId: group, topics: [{ topic, partitions }] });
      const committed = new Map<number, CommittedOffset>();
      for (const { partition, offset, metadata } of fetched
        .parse(answer)
        .responses.flatMap((each) => each.partitions)) {
        if (offset !== NEVER_COMMITTED)
          committed.set(partition, { offset: Number(offset), metadata: metadata ?? "" });
      }
      return committed;
    } catch (error) {
      if (!isPassing(error) || performance.now() > deadline)
        throw fromKafka(error, `reading the commits of ${group}`);
      await refreshAfter(cluster, error).catch(() => undefined); // the next try meets the same
      await delay(ASK_AGAIN_MS);
    }
  }
}

const fetched = z.object({
  responses: z.array(
    z.object({
      partitions: z.array(
        z.object({ partition: z.number(), offset: z.string(), metadata: z.string().nullish() }),
      ),
    }),
  ),
});

function noAnswer(topic: string, partition: number) {
  return streamError(
    "TRIPLINE_STREAM_UNAVAILABLE",
    `where partition ${partition} of ${topic} begins and ends is not known now, for it has no leader: try again`,
  );
}
