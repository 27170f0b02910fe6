import type { CommittedOffset, LogRecord, TopicSpec } from "../log.ts";
import type { AgeMark } from "./age-marks.ts";
import type { StoredClock } from "./retention-clock.ts";

/** An offset commit on its way to the storage. */
export interface StoredCommit extends CommittedOffset {
  topic: string;
  group: string;
  partition: number;
}

/** Removes what lies before `before` and, in a compacted topic, single offsets. */
export interface StoredRemoval {
  topic: string;
  partition: number;
  offsets: readonly number[];
  /** The partition's earliest offset afterwards; absent when it stays. */
  earliest?: number;
}

/** How old the records of one partition are. */
export interface StoredAges {
  topic: string;
  partition: number;
  marks: readonly AgeMark[];
}

/** What goes in together or not at all. */
export interface StorageBatch {
  records: readonly LogRecord[];
  commits: readonly StoredCommit[];
  removals: readonly StoredRemoval[];
  ages: readonly StoredAges[];
  clock: StoredClock | null;
}

/** Where a partition begins and ends, and the append time of its last record (0 when it never had one). */
export interface StoredBounds {
  earliest: number;
  next: number;
  lastAppendTime: number;
}

/** What a log within one process needs of its storage. Reads are synchronous and see what `write` has resolved for. */
export interface Storage {
  /** @throws TriplineError TRIPLINE_STREAM_FULL while no further records can be taken */
  admit(): void;
  topics(): readonly TopicSpec[];
  createTopics(specs: readonly TopicSpec[]): Promise<void>;
  bounds(topic: string, partition: number): StoredBounds;
  /** Atomic, and durable when it resolves. In a compacted topic a record removes the earlier one of its key. */
  write(batch: StorageBatch): Promise<void>;
  /** Records from `from` on, at most `maxRecords`, ending when their values exceed `maxBytes` (but at least one). */
  read(topic: string, partition: number, from: number, maxRecords: number, maxBytes: number): LogRecord[];
  /** Every group's commits; read once, at the start. */
  commits(): Iterable<StoredCommit>;
  ages(topic: string, partition: number): readonly AgeMark[];
  clock(): StoredClock | null;
  ping(): Promise<void>;
  close(): Promise<void>;
}
