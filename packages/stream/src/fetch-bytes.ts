import { DEFAULT_MAX_BATCH_BYTES } from "./limits.ts";
import type { ConsumeOptions } from "./log.ts";

const MAX_BYTES_PER_PARTITION = 4 * 1024 * 1024; // so that one that lags leaves room for others in each fetch

/** How many bytes of a partition a Kafka consumer asks for at once: a reader of large batches would else get small ones. */
export function fetchBytes({
  maxBatchBytes = DEFAULT_MAX_BATCH_BYTES,
}: Pick<ConsumeOptions, "maxBatchBytes">): number {
  return Math.max(DEFAULT_MAX_BATCH_BYTES, Math.min(maxBatchBytes, MAX_BYTES_PER_PARTITION));
}
