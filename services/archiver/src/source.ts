import type { RowSource } from "@tripline/store";
import type { LogRecord, SinkRange } from "@tripline/stream";

/** The position that a row names as its origin. */
export function sourceOf({ generation }: SinkRange, { partition, offset, appendTime }: LogRecord): RowSource {
  return { generation, partition, offset, appendTime };
}
