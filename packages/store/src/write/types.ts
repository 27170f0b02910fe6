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
  /** The range may have been written before, wholly or not: what is stored of it is counted first. */
  again?: boolean;
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
  | "incidents"
  | "incident_alerts"
  | "dead_letters"
  | "dead_letter_bytes"
  | "dead_letter_decisions";

export const MAX_BATCH_ROWS = 10_000; // one batch must be one block, or the token does not protect it whole

/** One run of a producer. */
export interface Boot {
  tenant: string;
  producer: string;
  boot: string;
}

/** The highest seq that is stored of a boot. */
export interface HighestSeq extends Boot {
  seq: number;
}

/** All records that lie before an offset of a partition: there, and in all other generations of the log. */
export interface Before {
  generation: string;
  partition: number;
  before: number;
}

export interface StoreWriter {
  /**
   * Inserts the rows once, however often it is called with the same source and rows. At most MAX_BATCH_ROWS.
   * Rejects with a retriable TRIPLINE_STORE_UNAVAILABLE or a permanent TRIPLINE_STORE_INSERT_REFUSED.
   */
  insert(source: BatchSource, rows: EncodedRows): Promise<void>;
  /** The highest stored offset of each partition of `tripline.events`, for this generation of the log. */
  maxOffsets(generation: string): Promise<Map<number, number>>;
  /**
   * The highest stored seq of each of these boots, in this partition or in any other generation of the log; boots of
   * which nothing is stored are left out. Its cost grows with the boots asked for, not with what is stored.
   */
  highestSeqs(
    source: { generation: string; partition: number },
    boots: readonly Boot[],
  ): Promise<HighestSeq[]>;
  /** Which of these records are stored from before. All of one tenant or several. */
  knownRecords(
    before: Before,
    candidates: readonly { tenant: string; time: string; id: string }[],
  ): Promise<Set<string>>;
}
