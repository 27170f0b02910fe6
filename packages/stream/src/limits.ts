import { streamError } from "./errors.ts";
import type { NewRecord, ScanRange } from "./log.ts";
import { lostBefore, OutOfRangeError } from "./lost-range/lost-range.ts";

/** What every implementation takes, so that what works on one works on the others. */
export const MAX_LOG_RECORD_BYTES = 1_000_000; // key + value + headers; Kafka's default message.max.bytes is 1,048,588
export const MAX_METADATA_BYTES = 4096; // Kafka's default offset.metadata.max.bytes
export const DEFAULT_MAX_BATCH_RECORDS = 1000;
export const DEFAULT_MAX_BATCH_BYTES = 1024 * 1024;

const RECORD_OVERHEAD_BYTES = 64; // lengths, offset and timestamp deltas; rounded up

/** Bytes that a record takes in the log, rounded up. */
export function recordBytes(record: NewRecord): number {
  let bytes = RECORD_OVERHEAD_BYTES + (record.value?.byteLength ?? 0);
  if (record.key !== null) bytes += Buffer.byteLength(record.key);
  for (const name in record.headers) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(record.headers[name] ?? "") + 2;
  }
  return bytes;
}

/** @throws TriplineError for a record that no implementation would take. */
export function checkRecord(topic: string, compacted: boolean, record: NewRecord): void {
  if (compacted ? record.key === null : record.value === null) {
    throw streamError(
      "TRIPLINE_STREAM_RECORD_INVALID",
      compacted
        ? `${topic} is compacted: give each record a key`
        : `${topic} is not compacted: it takes no tombstones`,
    );
  }
  const bytes = recordBytes(record);
  if (bytes > MAX_LOG_RECORD_BYTES) {
    throw streamError(
      "TRIPLINE_STREAM_RECORD_TOO_LARGE",
      `a record for ${topic} has ${bytes} bytes; the limit is ${MAX_LOG_RECORD_BYTES}: split or cut it`,
    );
  }
}

export function checkMetadata(metadata: string): void {
  const bytes = Buffer.byteLength(metadata);
  if (bytes > MAX_METADATA_BYTES) {
    throw streamError(
      "TRIPLINE_STREAM_METADATA_TOO_LARGE",
      `the commit's metadata has ${bytes} bytes; the limit is ${MAX_METADATA_BYTES}`,
    );
  }
}

/** @throws OutOfRangeError for a start that would skip records or lies behind the end. */
export function checkStart(
  where: { topic: string; partition: number; compacted: boolean },
  start: number,
  bounds: { earliest: number; next: number },
): void {
  const lost = lostBefore(where, start, bounds);
  if (lost === null || (where.compacted && lost.how === "removed")) return;
  throw new OutOfRangeError(lost, bounds);
}

/** @throws TriplineError TRIPLINE_STREAM_CONFIG for a compacted topic, TRIPLINE_STREAM_OUT_OF_RANGE for what the log has not */
export function checkScan(
  { topic, partition, from, to }: ScanRange,
  compacted: boolean,
  bounds: { earliest: number; next: number } | undefined,
): void {
  if (compacted) {
    throw streamError("TRIPLINE_STREAM_CONFIG", `${topic} is compacted: read it as a table instead`);
  }
  if (bounds !== undefined && from >= bounds.earliest && from <= to && to <= bounds.next) return;
  const held =
    bounds === undefined ? "has no such partition" : `holds ${bounds.earliest} to ${bounds.next - 1}`;
  throw streamError(
    "TRIPLINE_STREAM_OUT_OF_RANGE",
    `offsets ${from} to ${to - 1} of ${topic}/${partition} are not all in the log, which ${held}`,
  );
}
