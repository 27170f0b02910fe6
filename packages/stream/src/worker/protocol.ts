import type { CommittedOffset, NewRecord, Position, ScanRange, TableEntry, TopicSpec } from "../log.ts";
import type { PackedRecords, SentError } from "./messages.ts";

/** Asked of the thread that owns the log. Consumers, tables and assignments go by numbers that their opener chose. */
export type LogCalls = {
  generation: { args: null; result: string };
  ensureTopics: { args: readonly TopicSpec[]; result: undefined };
  partitionCount: { args: string; result: number };
  produce: { args: PackedNewRecords; result: Position[] };
  consume: { args: ConsumeRequest; result: undefined };
  closeConsumer: { args: number; result: undefined };
  commit: { args: { assignment: number; offset: number; metadata: string }; result: undefined };
  readTable: { args: { table: number; topic: string; from: "start" | "end" }; result: undefined };
  closeTable: { args: number; result: undefined };
  scan: { args: { scan: number; range: ScanRange }; result: undefined };
  offsets: { args: string; result: { partition: number; earliest: number; next: number }[] };
  committed: { args: { topic: string; group: string }; result: Map<number, CommittedOffset> };
  ping: { args: null; result: undefined };
};

/** Asked of, or told to, the thread that uses the log. */
export type ReaderCalls = {
  assigned: {
    args: {
      consumer: number;
      assignment: number;
      topic: string;
      partition: number;
      committed: CommittedOffset | null;
      earliest: number;
    };
    result: { startAt?: number };
  };
  batch: { args: { assignment: number; batch: PackedRecords }; result: undefined };
  closing: { args: number; result: undefined };
  aborted: { args: number; result: undefined };
  lost: { args: number; result: undefined };
  consumerEnded: { args: { consumer: number; error: SentError | null }; result: undefined };
  scanned: { args: { scan: number; batch: PackedRecords }; result: undefined };
  entries: { args: { table: number; entries: TableEntry[] }; result: undefined };
  tableLoaded: { args: { table: number; error: SentError | null }; result: undefined };
  tableEnded: { args: { table: number; error: SentError | null }; result: undefined };
};

export interface ConsumeRequest {
  consumer: number;
  topic: string;
  group: string;
  maxBatchRecords?: number;
  maxBatchBytes?: number;
}

/** Records to produce, their values in one transferred buffer. */
export interface PackedNewRecords {
  topic: string;
  values: Uint8Array<ArrayBuffer>;
  lengths: number[];
  records: Omit<NewRecord, "value">[];
}
