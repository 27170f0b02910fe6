import type { Kafka } from "kafkajs";
import { streamError } from "../errors.ts";
import { DEFAULT_MAX_BATCH_BYTES, DEFAULT_MAX_BATCH_RECORDS } from "../limits.ts";
import type { LogRecord, ScanRange } from "../log.ts";
import { fromKafka } from "./errors.ts";
import { openCluster } from "./kafka-cluster.ts";
import { fetchPartitions } from "./kafka-fetch.ts";
import { inParts } from "./kafka-record.ts";

const MAX_WAIT_MS = 100; // the range is in the log, so that an answer has something

/** Reads a range that is in the log, over a connection of its own and without a group. */
export async function scanKafka(
  kafka: Kafka,
  { topic, partition, from, to, maxBatchRecords = DEFAULT_MAX_BATCH_RECORDS }: ScanRange,
  onBatch: (records: LogRecord[]) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const what = `reading ${topic}/${partition}`;
  const own = openCluster(kafka);
  try {
    for (let next = from; next < to; ) {
      const positions = new Map([[partition, next]]);
      const [fetched] = await fetchPartitions(own.cluster, {
        topic,
        positions,
        maxWaitMs: MAX_WAIT_MS,
        signal,
      });
      const records = (fetched?.records ?? []).filter(({ offset }) => offset < to);
      const gone = fetched?.records[0]?.offset;
      if (gone !== undefined && gone > next) {
        throw streamError("TRIPLINE_STREAM_OUT_OF_RANGE", `${what}: offset ${next} is gone`);
      }
      for (const part of inParts(records, maxBatchRecords, DEFAULT_MAX_BATCH_BYTES)) {
        await onBatch(part);
        next = (part.at(-1)?.offset ?? next) + 1;
      }
    }
  } catch (error) {
    throw fromKafka(error, what);
  } finally {
    await own.disconnect();
  }
}
