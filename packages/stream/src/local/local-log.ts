import { setImmediate as nextTurn } from "node:timers/promises";
import { closedError, streamError } from "../errors.ts";
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
import { Group } from "./group.ts";
import { GroupWriter } from "./group-writer.ts";
import { LocalTable } from "./local-table.ts";
import { Partition } from "./partition.ts";
import type { Storage, StoredCommit, StoredRemoval } from "./storage.ts";

const MAX_WRITE_BYTES = 4 * 1024 * 1024; // about 4,000 records of 1 KB: a few ms of disk, so latency stays small
const REMOVALS_IN_ONE_WRITE = 2000; // so that retention never holds a producer up for more than a few ms
/** Tombstones stay this long, as in Kafka (delete.retention.ms), so that every reader can see them. */
export const TOMBSTONE_RETENTION_MS = 24 * 3600 * 1000;

type Work =
  | { kind: "append"; partition: Partition; records: LogRecord[] }
  | { kind: "commit"; commit: StoredCommit }
  | { kind: "remove"; removal: StoredRemoval };

/** A log within one process over a storage: offsets, append times, groups, followers. See `storage.ts`. */
export class LocalLog implements Log {
  readonly generation: string;
  readonly #storage: Storage;
  readonly #now: () => number;
  readonly #writer: GroupWriter<Work>;
  readonly #topics = new Map<string, { spec: TopicSpec; partitions: Partition[] }>();
  readonly #groups = new Map<string, Group>();
  readonly #committed = new Map<string, Map<number, CommittedOffset>>();
  readonly #tables = new Set<LocalTable>();
  #nextPartition = 0;
  #creating: Promise<void> = Promise.resolve();
  #closing: Promise<void> | null = null;

  /** @param now ms since the epoch: the log's append clock */
  constructor(storage: Storage, options: { generation: string; now?: () => number }) {
    this.generation = options.generation;
    this.#storage = storage;
    this.#now = options.now ?? Date.now;
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
    const table = new LocalTable(partitions, onEntry, () => this.#tables.delete(table));
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

  async ping(): Promise<void> {
    this.#checkOpen();
    await this.#storage.ping();
  }

  /** Removes what its topic's retention allows to remove now, and old tombstones. Returns the number of records. */
  async expire(): Promise<number> {
    this.#checkOpen();
    let removed = 0;
    for (const { spec, partitions } of this.#topics.values()) {
      for (const partition of partitions) removed += await this.#expirePartition(spec, partition);
    }
    return removed;
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      for (const group of this.#groups.values()) await group.close();
      for (const table of this.#tables) await table.close();
      await this.#creating;
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
    });
    for (const item of work) {
      if (item.kind !== "commit") continue;
      const { topic, group, partition, offset, metadata } = item.commit;
      this.#commitsOf(topic, group).set(partition, { offset, metadata });
    }
    for (const [partition, records] of appended) partition.grow(records);
  }

  async #expirePartition(spec: TopicSpec, partition: Partition): Promise<number> {
    const compacted = spec.cleanup === "compact";
    const keepMs = compacted ? TOMBSTONE_RETENTION_MS : spec.retentionMs;
    if (keepMs === undefined) return 0;
    const oldest = this.#now() - keepMs;
    let removed = 0;
    for (let from = 0; ; ) {
      const records = partition.read(from, REMOVALS_IN_ONE_WRITE, Number.POSITIVE_INFINITY);
      const young = records.findIndex((record) => record.appendTime >= oldest);
      const old = young === -1 ? records : records.slice(0, young);
      const last = old.at(-1);
      if (last === undefined) return removed;
      from = last.offset + 1;
      const offsets = old.filter((record) => !compacted || record.value === null).map(({ offset }) => offset);
      const removal = { topic: spec.name, partition: partition.index, offsets };
      if (!compacted) partition.earliest = from; // before the write: nobody may read past a hole without noticing
      if (offsets.length > 0) {
        const earliest = compacted ? {} : { earliest: from };
        await this.#writer.submit({
          work: { kind: "remove", removal: { ...removal, ...earliest } },
          bytes: 0,
        });
      }
      removed += offsets.length;
      await nextTurn();
    }
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
    this.#topics.set(spec.name, { spec, partitions });
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
