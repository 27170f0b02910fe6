import { randomUUID } from "node:crypto";
import type { Kafka } from "kafkajs";
import { streamError } from "../errors.ts";
import { DEFAULT_MAX_BATCH_BYTES, DEFAULT_MAX_BATCH_RECORDS } from "../limits.ts";
import type { LogRecord, ScanRange } from "../log.ts";
import { disconnect } from "./disconnect.ts";
import { fromKafka } from "./errors.ts";
import { MAX_WAIT_MS } from "./kafka-consumer.ts";
import { inParts, toRecord } from "./kafka-record.ts";

/** Reads a range that is in the log, as the only member of a group of its own that never commits. */
export async function scanKafka(
  kafka: Kafka,
  { topic, partition, from, to, maxBatchRecords = DEFAULT_MAX_BATCH_RECORDS }: ScanRange,
  onBatch: (records: LogRecord[]) => Promise<void>,
): Promise<void> {
  if (from === to) return;
  const consumer = kafka.consumer({
    groupId: `tripline-scan-${randomUUID()}`,
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: MAX_WAIT_MS,
  });
  const finished = Promise.withResolvers<void>();
  const what = `reading ${topic}/${partition}`;
  let next = from;
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    const others = (payload.memberAssignment[topic] ?? []).filter((each) => each !== partition);
    if (others.length > 0) consumer.pause([{ topic, partitions: others }]);
    consumer.seek({ topic, partition, offset: String(next) });
  });
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (!payload.restart) finished.reject(fromKafka(payload.error, what));
  });
  const take = async (records: LogRecord[]): Promise<void> => {
    const wanted = records.filter(({ offset }) => offset >= next && offset < to);
    if (records.some(({ offset }) => offset > next) && wanted[0]?.offset !== next) {
      throw streamError("TRIPLINE_STREAM_OUT_OF_RANGE", `${what}: offset ${next} is gone`);
    }
    for (const part of inParts(wanted, maxBatchRecords, DEFAULT_MAX_BATCH_BYTES)) {
      await onBatch(part);
      next = (part.at(-1)?.offset ?? next) + 1;
    }
  };
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        if (batch.partition !== partition || next >= to) return;
        try {
          await take(batch.messages.map((message) => toRecord(topic, partition, message)));
          if (next >= to) finished.resolve();
        } catch (error) {
          finished.reject(error);
        }
      },
    });
    await finished.promise;
  } catch (error) {
    throw fromKafka(error, what);
  } finally {
    await disconnect(consumer);
  }
}
