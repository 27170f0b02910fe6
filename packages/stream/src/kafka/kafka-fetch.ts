import { setTimeout as delay } from "node:timers/promises";
import type { Cluster } from "kafkajs";
import { z } from "zod";
import type { LogRecord } from "../log.ts";
import { isPassing } from "./errors.ts";
import { knowTopics, leaderOf, refreshAfter } from "./kafka-cluster.ts";
import { type DecodedMessage, toRecord } from "./kafka-record.ts";

const MAX_BYTES_PER_PARTITION = 1024 * 1024;
const MAX_BYTES = 8 * 1024 * 1024;
const TRY_AGAIN_MS = 50; // doubled each time
const TRY_AGAIN_MAX_MS = 1_000;

export interface FetchedPartition {
  partition: number;
  records: LogRecord[];
  /** Where the partition ended, for readers, when the broker answered. */
  highWatermark: number;
}

export interface FetchRequest {
  topic: string;
  /** For each partition: the next offset to read. */
  positions: ReadonlyMap<number, number>;
  /** How long the broker waits for something new. */
  maxWaitMs: number;
  signal: AbortSignal;
}

/**
 * One answer for each partition from its leader, without a group. Asks until every leader has answered; the records of a
 * partition may begin before its position never, and behind it only where compaction or retention took some away.
 * Rejects with what asking again can't mend, and when `signal` is aborted.
 */
export async function fetchPartitions(cluster: Cluster, request: FetchRequest): Promise<FetchedPartition[]> {
  const { topic, positions, maxWaitMs, signal } = request;
  const fetched: FetchedPartition[] = [];
  let left = [...positions.keys()];
  for (let pause = TRY_AGAIN_MS; left.length > 0; pause = Math.min(pause * 2, TRY_AGAIN_MAX_MS)) {
    signal.throwIfAborted();
    const errors: unknown[] = [];
    try {
      await knowTopics(cluster, [topic]);
      const byLeader = Map.groupBy(left, (partition) => leaderOf(cluster, topic, partition));
      await Promise.all(
        [...byLeader].map(async ([nodeId, partitions]) => {
          if (nodeId === null) return;
          try {
            const broker = await cluster.findBroker({ nodeId });
            const answer = await broker.fetch({
              maxWaitTime: maxWaitMs,
              minBytes: 1,
              maxBytes: MAX_BYTES,
              topics: [
                { topic, partitions: partitions.map((each) => wanted(each, positions.get(each) ?? 0)) },
              ],
            });
            fetched.push(...read(topic, answer, positions));
          } catch (error) {
            errors.push(error);
          }
        }),
      );
    } catch (error) {
      errors.push(error);
    }
    const final = errors.find((error) => !isPassing(error));
    if (final !== undefined) throw final;
    const done = new Set(fetched.map(({ partition }) => partition));
    left = left.filter((partition) => !done.has(partition));
    if (left.length === 0) break;
    await refreshAfter(cluster, errors[0]).catch(() => undefined); // the next try meets the same
    await delay(pause, undefined, { signal });
  }
  return fetched;
}

function wanted(partition: number, offset: number) {
  return { partition, fetchOffset: String(offset), maxBytes: MAX_BYTES_PER_PARTITION };
}

const answered = z.object({
  responses: z.array(
    z.object({
      partitions: z.array(
        z.object({
          partition: z.number(),
          highWatermark: z.coerce.number(),
          // Decoded by kafkajs; checking each record of each fetch would cost as much as reading it.
          messages: z.array(z.custom<DecodedMessage & { isControlRecord?: boolean }>()),
        }),
      ),
    }),
  ),
});

function read(topic: string, answer: unknown, positions: ReadonlyMap<number, number>): FetchedPartition[] {
  return answered.parse(answer).responses.flatMap(({ partitions }) =>
    partitions.map(({ partition, highWatermark, messages }) => {
      const from = positions.get(partition) ?? 0;
      // A stored batch comes whole, even where it begins before the position; control records are a transaction's.
      const records = messages
        .filter(({ offset, isControlRecord }) => Number(offset) >= from && isControlRecord !== true)
        .map((each) => toRecord(topic, partition, each));
      return { partition, records, highWatermark };
    }),
  );
}
