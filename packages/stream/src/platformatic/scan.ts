import type { Admin, BaseOptions } from "@platformatic/kafka";
import { streamError } from "../errors.ts";
import { DEFAULT_MAX_BATCH_BYTES, DEFAULT_MAX_BATCH_RECORDS } from "../limits.ts";
import type { LogRecord, ScanRange } from "../log.ts";
import { fromPlatformatic } from "./errors.ts";
import { Fetcher } from "./fetcher.ts";
import { PartitionPump } from "./partition-pump.ts";

/** Reads a range that is in the log, straight from the partition's leader. */
export async function scanPlatformatic(
  admin: Admin,
  client: BaseOptions,
  { topic, partition, from, to, maxBatchRecords = DEFAULT_MAX_BATCH_RECORDS }: ScanRange,
  onBatch: (records: LogRecord[]) => Promise<void>,
): Promise<void> {
  if (from === to) return;
  const fetcher = new Fetcher(admin, client, topic, DEFAULT_MAX_BATCH_BYTES);
  const finished = Promise.withResolvers<void>();
  const what = `reading ${topic}/${partition}`;
  const pump = new PartitionPump({
    partition,
    from,
    maxBatchRecords,
    maxBatchBytes: DEFAULT_MAX_BATCH_BYTES,
    enoughBytes: DEFAULT_MAX_BATCH_BYTES,
    handle: async (records) => {
      const wanted = records.filter(({ offset }) => offset < to);
      if (wanted.length > 0) await onBatch(wanted);
      if ((records.at(-1)?.offset ?? from) + 1 < to) return true;
      finished.resolve();
      return false;
    },
    onOutOfRange: (offset) =>
      finished.reject(streamError("TRIPLINE_STREAM_OUT_OF_RANGE", `${what}: offset ${offset} is gone`)),
    onError: (error) => finished.reject(error),
    wake: () => fetcher.wake(),
  });
  try {
    fetcher.add(pump);
    await finished.promise;
  } catch (error) {
    throw fromPlatformatic(error, what);
  } finally {
    await fetcher.close();
  }
}
