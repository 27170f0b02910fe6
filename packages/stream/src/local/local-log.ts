import { uptime as systemUptime } from "node:os";
import { setImmediate as nextTurn } from "node:timers/promises";
import { closedError, notFollowed, streamError } from "../errors.ts";
import {
  checkMetadata,
  checkRecord,
  checkScan,
  DEFAULT_MAX_BATCH_BYTES,
  DEFAULT_MAX_BATCH_RECORDS,
  recordBytes,
} from "../limits.ts";
import type {
  CommittedOffset,
  ConsumeOptions,
  Consumer,
  Log,
  LogRecord,
  NewRecord,
  Position,
  ScanRange,
  TableEntry,
  TableReader,
  TopicSpec,
} from "../log.ts";
import { partitionOf } from "../partitioner.ts";
import { checkSpecs } from "../topic-specs.ts";
import { AgeMarks } from "./age-marks.ts";
import { Group } from "./group.ts";
import { GroupWriter } from "./group-writer.ts";
import { LocalTable } from "./local-table.ts";
import { Partition } from "./partition.ts";
import { RetentionClock, type StoredClock } from "./retention-clock.ts";
import type { Storage, StoredAges, StoredCommit, StoredRemoval } from "./storage.ts";

const MAX_WRITE_BYTES = 4 * 1024 * 1024; // about 4,000 records of 1 KB: a few ms of disk, so latency stays small
const REMOVALS_IN_ONE_WRITE = 2000; // so that retention never holds a producer up for more than a few ms
const REMOVED_BYTES_IN_ONE_READ = 4 * 1024 * 1024;
/** Tombstones stay this long, as in Kafka (delete.retention.ms), so that every reader can see them. */
export const TOMBSTONE_RETENTION_MS = 24 * 3600 * 1000;

type Work =
  | { kind: "append"; partition: Partition; records: LogRecord[] }
  | { kind: "commit"; commit: StoredCommit }
  | { kind: "remove"; removal: StoredRemoval }
  | { kind: "age"; ages: StoredAges[]; clock: StoredClock };

export interface LocalLogOptions {
  generation: string;
  /** ms since the epoch: the append clock; default the system's */
  now?: () => number;
  /** ms since the machine's boot, its sleep included; what retention counts in; default the system's */
  uptime?: () => number;
}

/** A topic as it is open, and what retention knows of each of its partitions. */
interface OpenTopic {
  spec: TopicSpec;
  partitions: Partition[];
  /** Empty where nothing ever goes. */
  ages: AgeMarks[];
}

/** A log within one process over a storage: offsets, append times, groups, followers. See `storage.ts`. */
export class LocalLog implements Log {
  readonly generation: string;
  readonly #storage: Storage;
  readonly #now: () => number;
  readonly #writer: GroupWriter<Work>;
  readonly #uptime: () => number;
  readonly #clock: RetentionClock;
  readonly #topics = new Map<string, OpenTopic>();
  readonly #groups = new Map<string, Group>();
  readonly #committed = new Map<string, Map<number, CommittedOffset>>();
  readonly #tables = new Set<LocalTable>();
  #nextPartition = 0;
  #creating: Promise<void> = Promise.resolve();
  #expiring: Promise<number> | null = null;
  #closing: Promise<void> | null = null;

  constructor(storage: Storage, options: LocalLogOptions) {
    this.generation = options.generation;
    this.#storage = storage;
    this.#now = options.now ?? Date.now;
    this.#uptime = options.uptime ?? (() => systemUptime() * 1000);
    this.#clock = new RetentionClock(storage.clock());
    this.#writer = new GroupWriter((work) => this.#write(work), MAX_WRITE_BYTES);
    for (const spec of storage.topics()) this.#open(spec);
    for (const { topic, group, partition, ...commit } of storage.commits()) {
      this.#commitsOf(topic, group).set(partition, commit);
    }
  }

  ensureTopics(specs: readonly TopicSpec[]): Promise<void> {
    const done = this.#creating.then(async () => {
      this.#checkOpen();
      const missing = checkSpecs(specs, (name) => this.#topics.get(name)?.spec);
      if (missing.length === 0) return;
      await this.#storage.createTopics(missing);
      for (const spec of missing) this.#open(spec);
    });
    this.#creating = done.catch(() => undefined); // the caller has the error; the next call must not wait for ever
    return done;
  }

  async partitionCount(topic: string): Promise<number> {
    return this.#topic(topic).partitions.length;
  }

  produce(topic: string, records: readonly NewRecord[]): Promise<Position[]> {
    // Not an async function: calls must be queued in the order in which they were made.
    try {
      this.#checkOpen();
      this.#storage.admit();
      const { spec, partitions } = this.#topic(topic);
      const byPartition = new Map<Partition, LogRecord[]>();
      let bytes = 0;
      const written = records.map((record) => {
        checkRecord(topic, spec.cleanup === "compact", record);
        bytes += recordBytes(record);
        const partition = partitions[this.#choose(record, partitions.length)];
        if (partition === undefined) {
          throw streamError(
            "TRIPLINE_STREAM_RECORD_INVALID",
            `${topic} has no partition ${record.partition}: it has ${partitions.length}`,
          );
        }
        const { key, value, headers = {} } = record;
        const stored = { topic, partition: partition.index, offset: -1, appendTime: 0, key, value, headers };
        const list = byPartition.get(partition);
        if (list === undefined) byPartition.set(partition, [stored]);
        else list.push(stored);
        return stored;
      });
      const share = bytes / Math.max(1, byPartition.size);
      const jobs = [...byPartition].map(([partition, list]) =>
        this.#writer.submit({ work: { kind: "append", partition, records: list }, bytes: share }),
      );
      return Promise.all(jobs).then(() => written.map(({ partition, offset }) => ({ partition, offset })));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async consume(options: ConsumeOptions): Promise<Consumer> {
    this.#checkOpen();
    const { partitions } = this.#topic(options.topic);
    const id = `${options.group}\0${options.topic}`;
    let group = this.#groups.get(id);
    if (group === undefined) {
      const commits = this.#commitsOf(options.topic, options.group);
      group = new Group(partitions, {
        committed: (partition) => commits.get(partition) ?? null,
        commit: async (partition, offset, metadata) => {
          checkMetadata(metadata);
          const commit = { topic: options.topic, group: options.group, partition, offset, metadata };
          await this.#writer.submit({ work: { kind: "commit", commit }, bytes: metadata.length });
        },
      });
      this.#groups.set(id, group);
    }
    return group.join(options);
  }

  async readTable(topic: string, onEntry: (entry: TableEntry) => void): Promise<TableReader> {
    this.#checkOpen();
    const { spec, partitions } = this.#topic(topic);
    if (spec.cleanup !== "compact") {
      throw streamError("TRIPLINE_STREAM_CONFIG", `${topic} is not compacted: consume it instead`);
    }
    return this.#table(partitions, "start", onEntry);
  }

  async follow(topic: string, onEntry: (entry: TableEntry) => void): Promise<TableReader> {
    this.#checkOpen();
    const { spec, partitions } = this.#topic(topic);
    if (spec.cleanup === "compact") throw notFollowed(topic);
    return this.#table(partitions, "end", onEntry);
  }

  #table(
    partitions: readonly Partition[],
    from: "start" | "end",
    onEntry: (entry: TableEntry) => void,
  ): TableReader {
    const table = new LocalTable(partitions, from, onEntry, () => this.#tables.delete(table));
    this.#tables.add(table);
    return table;
  }

  async offsets(topic: string) {
    this.#checkOpen();
    return this.#topic(topic).partitions.map(({ index, earliest, next }) => ({
      partition: index,
      earliest,
      next,
    }));
  }

  async scan(range: ScanRange, onBatch: (records: LogRecord[]) => Promise<void>): Promise<void> {
    this.#checkOpen();
    const { spec, partitions } = this.#topic(range.topic);
    const partition = partitions[range.partition];
    checkScan(range, spec.cleanup === "compact", partition);
    for (let from = range.from; partition !== undefined && from < range.to; ) {
      this.#checkOpen();
      checkScan({ ...range, from }, false, partition); // retention may have overtaken it
      const most = Math.min(range.maxBatchRecords ?? DEFAULT_MAX_BATCH_RECORDS, range.to - from);
      const records = partition.read(from, most, DEFAULT_MAX_BATCH_BYTES);
      await onBatch(records);
      from = (records.at(-1)?.offset ?? range.to) + 1;
      await nextTurn();
    }
  }

  async committed(topic: string, group: string): Promise<Map<number, CommittedOffset>> {
    this.#checkOpen();
    return new Map(this.#commitsOf(topic, group));
  }

  async groups(topic: string): Promise<string[]> {
    this.#checkOpen();
    return [...this.#committed].flatMap(([id, commits]) => {
      const [group, of] = id.split("\0");
      return group !== undefined && of === topic && commits.size > 0 ? [group] : [];
    });
  }

  async ping(): Promise<void> {
    this.#checkOpen();
    await this.#storage.ping();
  }

  /** Removes what its topic's retention allows to remove now, and old tombstones. Returns the number of records. */
  expire(): Promise<number> {
    if (this.#closing !== null) return Promise.reject(closedError());
    this.#expiring ??= this.#expire().finally(() => {
      this.#expiring = null;
    });
    return this.#expiring;
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      for (const group of this.#groups.values()) await group.close();
      for (const table of this.#tables) await table.close();
      await this.#creating;
      await this.#expiring?.catch(() => undefined); // whoever asked for it has the error
      await this.#writer.close();
      await this.#storage.close();
    })();
    return this.#closing;
  }

  async #write(work: Work[]): Promise<void> {
    const appended = new Map<Partition, LogRecord[]>();
    for (const item of work) {
      if (item.kind !== "append") continue;
      const list = appended.get(item.partition);
      if (list === undefined) appended.set(item.partition, item.records);
      else for (const record of item.records) list.push(record);
    }
    const now = this.#now();
    for (const [partition, records] of appended) partition.number(records, now);
    await this.#storage.write({
      records: [...appended.values()].flat(),
      commits: work.flatMap((item) => (item.kind === "commit" ? [item.commit] : [])),
      removals: work.flatMap((item) => (item.kind === "remove" ? [item.removal] : [])),
      ages: work.flatMap((item) => (item.kind === "age" ? item.ages : [])),
      clock: work.findLast((item) => item.kind === "age")?.clock ?? null,
    });
    for (const item of work) {
      if (item.kind !== "commit") continue;
      const { topic, group, partition, offset, metadata } = item.commit;
      this.#commitsOf(topic, group).set(partition, { offset, metadata });
    }
    for (const [partition, records] of appended) partition.grow(records);
  }

  async #expire(): Promise<number> {
    const clock = this.#clock.advance({ uptime: this.#uptime(), wall: this.#now() });
    const aged = [...this.#topics.values()].flatMap(({ spec, partitions, ages }) =>
      ages.flatMap((marks, index) => {
        const partition = partitions[index];
        return partition === undefined ? [] : [{ spec, partition, marks }];
      }),
    );
    const changed = aged.flatMap(({ spec, partition, marks }) =>
      marks.note(clock.elapsed, partition.next)
        ? [{ topic: spec.name, partition: partition.index, marks: marks.all }]
        : [],
    );
    // Before anything goes: how old it was must not be forgotten by a crash.
    await this.#writer.submit({ work: { kind: "age", ages: changed, clock }, bytes: 0 });
    let removed = 0;
    for (const { spec, partition, marks } of aged) {
      const before = marks.oldBefore(clock.elapsed);
      if (before === null) continue;
      removed += await this.#removeBefore(before, spec, partition);
      const gone = spec.cleanup === "compact" ? partition.cleanBefore : partition.earliest;
      const left = { topic: spec.name, partition: partition.index, marks: marks.removed(gone) };
      await this.#writer.submit({ work: { kind: "age", ages: [left], clock }, bytes: 0 });
    }
    return removed;
  }

  /** In a compacted topic only tombstones go. */
  async #removeBefore(before: number, spec: TopicSpec, partition: Partition): Promise<number> {
    const compacted = spec.cleanup === "compact";
    let removed = 0;
    for (
      let from = compacted ? partition.cleanBefore : partition.earliest;
      from < before && !this.#isClosing;
    ) {
      const most = Math.min(REMOVALS_IN_ONE_WRITE, before - from);
      const records = partition
        .read(from, most, REMOVED_BYTES_IN_ONE_READ)
        .filter(({ offset }) => offset < before);
      from = (records.at(-1)?.offset ?? before - 1) + 1;
      const offsets = records.filter(({ value }) => !compacted || value === null).map(({ offset }) => offset);
      const removal = { topic: spec.name, partition: partition.index, offsets };
      if (compacted) partition.cleanBefore = from;
      else partition.earliest = from; // before the write: nobody may read past a hole without noticing
      if (offsets.length > 0) {
        const earliest = compacted ? {} : { earliest: from };
        const work = { kind: "remove" as const, removal: { ...removal, ...earliest } };
        await this.#writer.submit({ work, bytes: 0 });
      }
      removed += offsets.length;
      await nextTurn();
    }
    return removed;
  }

  get #isClosing(): boolean {
    return this.#closing !== null;
  }

  #choose(record: NewRecord, partitions: number): number {
    if (record.partition !== undefined) return record.partition;
    if (record.key !== null) return partitionOf(record.key, partitions);
    this.#nextPartition = (this.#nextPartition + 1) % partitions;
    return this.#nextPartition;
  }

  #open(spec: TopicSpec): void {
    const partitions = Array.from(
      { length: spec.partitions },
      (_, index) => new Partition(this.#storage, spec, index),
    );
    const keepMs = spec.cleanup === "compact" ? TOMBSTONE_RETENTION_MS : spec.retentionMs;
    const ages =
      keepMs === undefined
        ? []
        : partitions.map(({ index }) => new AgeMarks(this.#storage.ages(spec.name, index), keepMs));
    this.#topics.set(spec.name, { spec, partitions, ages });
  }

  #topic(name: string) {
    const topic = this.#topics.get(name);
    if (topic !== undefined) return topic;
    throw streamError(
      "TRIPLINE_STREAM_TOPIC_UNKNOWN",
      `there is no topic ${name}: create it with ensureTopics`,
    );
  }

  #commitsOf(topic: string, group: string): Map<number, CommittedOffset> {
    const id = `${group}\0${topic}`;
    const existing = this.#committed.get(id);
    if (existing !== undefined) return existing;
    const created = new Map<number, CommittedOffset>();
    this.#committed.set(id, created);
    return created;
  }

  #checkOpen(): void {
    if (this.#closing !== null) throw closedError();
  }
}
