/** What the archiver writes. All inserts are durable (fsync) when they resolve, and idempotent by their token. */

/** Where a batch came from: a range of one partition. Batches of a range always hold the same rows. */
export interface BatchSource {
  generation: string;
  topic: string;
  partition: number;
  /** Offset of the first record of the range. */
  first: number;
  /** Offset of the last record of the range. */
  last: number;
}

/** Rows of one table as lines of JSONCompactEachRow, made by the table's encoder in `rows/`. */
export interface EncodedRows {
  table: WritableTable;
  /** One JSON array a line. */
  lines: readonly string[];
}

export type WritableTable =
  | "records"
  | "payloads"
  | "directory"
  | "alerts"
  | "alert_states"
  | "revocations"
  | "dead_letters"
  | "dead_letter_bytes"
  | "dead_letter_decisions";

export const MAX_BATCH_ROWS = 10_000; // one batch must be one block, or the token does not protect it whole

/** The last seq that a partition holds of one boot of a producer. */
export interface HighestSeq {
  tenant: string;
  producer: string;
  boot: string;
  seq: number;
}

export interface StoreWriter {
  /**
   * Inserts the rows once, however often it is called with the same source and rows. At most MAX_BATCH_ROWS.
   * Rejects with a retriable TRIPLINE_STORE_UNAVAILABLE or a permanent TRIPLINE_STORE_INSERT_REFUSED.
   */
  insert(source: BatchSource, rows: EncodedRows): Promise<void>;
  /** The highest stored offset of each partition of `tripline.events`, for this generation of the log. */
  maxOffsets(generation: string): Promise<Map<number, number>>;
  /** The highest seq of each producer's boot among the records of a partition before this offset, appended since then. */
  highestSeqs(source: {
    generation: string;
    partition: number;
    before: number;
    since: string;
  }): Promise<HighestSeq[]>;
  /** Which of these records the partition holds before this offset. All of one tenant or several. */
  knownRecords(
    source: { generation: string; partition: number; before: number },
    candidates: readonly { tenant: string; time: string; id: string }[],
  ): Promise<Set<string>>;
}
