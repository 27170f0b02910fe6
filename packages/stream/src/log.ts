/**
 * The log port: what Tripline's parts need of an ordered, partitioned, durable log.
 * Implementations: `kafka/` (Apache Kafka), `embedded/` (LMDB, one machine), `worker/` (a port to a log that another
 * thread owns) and `memory/` (for tests of the port's callers). All pass `log-contract.ts`.
 */

/** A record as it is handed to `produce`. `partition` overrides the choice by key (`partitioner.ts`). */
export interface NewRecord {
  /** Compacted topics need a key. */
  key: string | null;
  /** `null` writes a tombstone, which only a compacted topic takes. The bytes must not change until `produce` settles. */
  value: Uint8Array | null;
  headers?: Readonly<Record<string, string>>;
  partition?: number;
}

/** A record as it is read. `appendTime` is the log's own clock in ms since the epoch and never falls within a partition. */
export interface LogRecord {
  topic: string;
  partition: number;
  offset: number;
  appendTime: number;
  key: string | null;
  /** `null` only in a compacted topic: a tombstone. */
  value: Uint8Array | null;
  headers: Readonly<Record<string, string>>;
}

export interface Position {
  partition: number;
  offset: number;
}

/** What a group last committed for one partition: the next offset to read, and the committer's own words. */
export interface CommittedOffset {
  offset: number;
  metadata: string;
}

export interface TopicSpec {
  name: string;
  partitions: number;
  cleanup: "delete" | "compact";
  /** Only for `delete`; records older than this may go. */
  retentionMs?: number;
}

/** One partition, as long as this process owns it. */
export interface Assignment {
  topic: string;
  partition: number;
  /** Null when the group never committed here. */
  committed: CommittedOffset | null;
  /** Oldest offset still in the log. */
  earliest: number;
  /** Aborted when the assignment is lost, or when the consumer has closed (after `onClosing`). */
  signal: AbortSignal;
  /**
   * Commits `offset` (the next one to read) with `metadata` (at most 4 KiB).
   * Rejects with `TRIPLINE_STREAM_ASSIGNMENT_LOST` once the partition belongs to someone else; never applies late.
   */
  commit(offset: number, metadata?: string): Promise<void>;
}

/** What a consumer does with one partition. One call at a time; the next batch comes when the promise settles. */
export interface PartitionReader {
  /**
   * Where to read from; default: the committed offset, else the earliest. A start before `earliest` in a topic with
   * clean-up `delete`, or behind the end, ends the consumer with `TRIPLINE_STREAM_OUT_OF_RANGE`: a gap is never skipped
   * unless the reader says so by starting at `earliest`.
   */
  startAt?: number;
  /** Records in offset order, at most `maxBatchRecords`. A rejection ends the whole consumer (see
   * `Consumer.ended`), except with `TRIPLINE_STREAM_ASSIGNMENT_LOST`, which only says that the partition is gone. */
  onBatch(records: LogRecord[]): Promise<void>;
  /** `close()` was called and no batch is running: the last moment to commit. Not called when the partition was lost. */
  onClosing?(): Promise<void>;
  /** The partition is gone, for whatever reason: drop its state at once. Called once, after a running batch settled. */
  onLost?(): void;
}

export interface ConsumeOptions {
  topic: string;
  group: string;
  /** Default 1,000. */
  maxBatchRecords?: number;
  /** Default 1 MiB: a batch ends when its values exceed this, but holds at least one record. */
  maxBatchBytes?: number;
  /** Called for each partition this process is given, before its first batch. */
  onAssigned(assignment: Assignment): Promise<PartitionReader>;
}

export interface Consumer {
  /** Settles when the consumer has ended: resolves after `close()`, rejects with the error that ended it. */
  readonly ended: Promise<void>;
  /** What keeps a partition from being read right now (its leader is not known, say), in words; null when nothing does. */
  trouble?(): string | null;
  /** Waits for the running batches, lets the readers commit (`onClosing`), then leaves the group. */
  close(): Promise<void>;
}

/** A stretch of one partition: from `from` up to, and without, `to`. */
export interface ScanRange {
  topic: string;
  partition: number;
  from: number;
  to: number;
  /** Default 1,000. */
  maxBatchRecords?: number;
}

/** One entry of a compacted topic. A null value means the key was deleted. */
export interface TableEntry {
  key: string;
  value: Uint8Array | null;
  partition: number;
  offset: number;
  appendTime: number;
}

export interface TableReader {
  /** Resolves when everything that was in the topic when it was opened has been handed to `onEntry`. */
  readonly loaded: Promise<void>;
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

export interface Log {
  /** Names the log and its generation in positions and tokens, e.g. `embedded-1` or `kafka-<cluster id>-1`. */
  readonly generation: string;
  /** Creates what is missing; refuses a topic whose partition count or clean-up differs. */
  ensureTopics(specs: readonly TopicSpec[]): Promise<void>;
  partitionCount(topic: string): Promise<number>;
  /**
   * Appends the records in order and resolves with their positions when they are durable (acks=all; fsync).
   * Calls made without waiting keep their order; when one fails, those queued behind it fail too, so that a caller who
   * tries again in order keeps it. Rejects with a retriable error when the log can't take them now: the outcome may
   * then be unknown, and a second try may write a record twice.
   */
  produce(topic: string, records: readonly NewRecord[]): Promise<Position[]>;
  consume(options: ConsumeOptions): Promise<Consumer>;
  /** Reads a compacted topic from its start to its end, and then follows it. Every reader sees every partition. */
  readTable(topic: string, onEntry: (entry: TableEntry) => void): Promise<TableReader>;
  /**
   * Hands out what is appended to any partition from now on, to whoever listens: joins no group, commits nothing, and has
   * loaded at once. For news that are of use only now. Only for topics with clean-up `delete`; one that fell behind
   * retention ends.
   */
  follow(topic: string, onEntry: (entry: TableEntry) => void): Promise<TableReader>;
  /**
   * Hands the range to `onBatch`, in order and in batches, and resolves at its end. For tools that look at a log from
   * beside its groups: joins none and commits nothing. Only for topics with clean-up `delete`.
   * Rejects with `TRIPLINE_STREAM_OUT_OF_RANGE` when a part of the range is not in the log, and with what `onBatch` raises.
   */
  scan(range: ScanRange, onBatch: (records: LogRecord[]) => Promise<void>): Promise<void>;
  /** For each partition: the oldest offset and the one the next record will get. */
  offsets(topic: string): Promise<{ partition: number; earliest: number; next: number }[]>;
  /** What a group has committed; partitions without a commit are absent. */
  committed(topic: string, group: string): Promise<Map<number, CommittedOffset>>;
  /** The groups that have committed in the topic, also those that are long gone; absent where that can't be told. */
  groups?(topic: string): Promise<string[]>;
  /** Resolves when the log answers; rejects with the reason when it does not. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
