import { hash } from "node:crypto";
import { mkdirSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { type Database, open, type RootDatabase } from "lmdb";
import { streamError } from "../errors.ts";
import type { Storage, StorageBatch, StoredBounds, StoredCommit } from "../local/storage.ts";
import type { LogRecord, TopicSpec } from "../log.ts";
import { decodeStored, encodeStored } from "./record-codec.ts";

const MAP_BYTES = 2 ** 40; // address space, not disk: LMDB must never have to grow its map while others read
const MAX_DATABASES = 512; // one for each partition, two for each compacted one
const MAX_READERS = 16; // one process with a few threads

/** lmdb-js documents `append` for its asynchronous put as well; its types only know it for `putSync`. */
interface AppendingPut {
  put(key: number, value: Buffer, options: { append: true }): Promise<boolean>;
}

interface StoredPartition {
  /** offset → record */
  records: Database<Buffer, number> & AppendingPut;
  /** Only in compacted topics: hash of the key → its one offset. */
  latest: Database<number, string> | null;
  bounds: StoredBounds;
}

export interface LmdbStorageOptions {
  directory: string;
  /** `false` leaves writing to the operating system: for throw-away data only. */
  sync: boolean;
  /** Bytes of disk that only commits and removals may use. */
  reserveBytes: number;
}

/** Keeps a log in one LMDB environment. One transaction for each `write`, synced before it resolves. */
export class LmdbStorage implements Storage {
  readonly #options: LmdbStorageOptions;
  readonly #root: RootDatabase;
  readonly #meta: Database<readonly TopicSpec[], string>;
  readonly #bounds: Database<StoredBounds, string>;
  readonly #commits: Database<StoredCommit, string>;
  readonly #partitions = new Map<string, StoredPartition>();
  #topics: readonly TopicSpec[];

  constructor(options: LmdbStorageOptions) {
    mkdirSync(options.directory, { recursive: true, mode: 0o700 });
    this.#options = options;
    this.#root = open({
      path: join(options.directory, "log.mdb"),
      mapSize: MAP_BYTES,
      maxDbs: MAX_DATABASES,
      maxReaders: MAX_READERS,
      // Resolve after the sync, and let nobody read before it: what a reader acted upon can't vanish.
      overlappingSync: false,
      noSync: !options.sync,
      // Batches are made here; lmdb-js's own would reject a promise that nobody can reach when a write fails.
      eventTurnBatching: false,
    });
    this.#meta = this.#root.openDB({ name: "meta", encoding: "json" });
    this.#bounds = this.#root.openDB({ name: "bounds", encoding: "json" });
    this.#commits = this.#root.openDB({ name: "commits", encoding: "json" });
    this.#topics = this.#meta.get("topics") ?? [];
    for (const spec of this.#topics) this.#openTopic(spec);
  }

  topics(): readonly TopicSpec[] {
    return this.#topics;
  }

  async createTopics(specs: readonly TopicSpec[]): Promise<void> {
    const topics = [...this.#topics, ...specs];
    const databases = topics.reduce(
      (sum, spec) => sum + spec.partitions * (spec.cleanup === "compact" ? 2 : 1),
      3,
    );
    if (databases > MAX_DATABASES) {
      throw streamError(
        "TRIPLINE_STREAM_CONFIG",
        `the embedded log has room for ${MAX_DATABASES} databases and these topics need ${databases}: use fewer partitions`,
      );
    }
    await this.#attempt(async () => {
      for (const spec of specs) this.#openTopic(spec);
      await this.#meta.put("topics", topics);
    });
    this.#topics = topics;
  }

  bounds(topic: string, partition: number): StoredBounds {
    return this.#partition(topic, partition).bounds;
  }

  async write(batch: StorageBatch): Promise<void> {
    if (batch.records.length > 0) this.#checkSpace();
    const bounds = new Map<StoredPartition, { id: string; now: StoredBounds }>();
    await this.#attempt(() =>
      this.#root.batch(() => {
        const fresh = new Map<string, number>();
        for (const record of batch.records) {
          const stored = this.#partition(record.topic, record.partition);
          this.#put(stored, record, fresh);
          const { offset, appendTime, topic, partition } = record;
          const now = { earliest: stored.bounds.earliest, next: offset + 1, lastAppendTime: appendTime };
          bounds.set(stored, { id: `${topic}/${partition}`, now });
        }
        for (const { topic, partition, offsets, earliest } of batch.removals) {
          const stored = this.#partition(topic, partition);
          for (const offset of offsets) this.#remove(stored, offset, topic, partition);
          const now = bounds.get(stored)?.now ?? stored.bounds;
          bounds.set(stored, {
            id: `${topic}/${partition}`,
            now: { ...now, earliest: earliest ?? now.earliest },
          });
        }
        for (const { id, now } of bounds.values()) settle(this.#bounds.put(id, now));
        for (const commit of batch.commits) {
          settle(this.#commits.put(`${commit.group}\n${commit.topic}\n${commit.partition}`, commit));
        }
      }),
    );
    for (const [stored, { now }] of bounds) stored.bounds = now;
  }

  read(topic: string, partition: number, from: number, maxRecords: number, maxBytes: number): LogRecord[] {
    const { records } = this.#partition(topic, partition);
    const found: LogRecord[] = [];
    let bytes = 0;
    for (const { key, value } of records.getRange({ start: from, limit: maxRecords })) {
      const record = decodeStored(topic, partition, key, value);
      found.push(record);
      bytes += record.value?.byteLength ?? 0;
      if (bytes > maxBytes) break;
    }
    return found;
  }

  *commits(): Iterable<StoredCommit> {
    for (const { value } of this.#commits.getRange()) yield value;
  }

  async ping(): Promise<void> {
    this.#meta.get("topics");
    this.#checkSpace();
  }

  async close(): Promise<void> {
    await this.#root.close();
  }

  /** @param fresh offsets that keys got earlier in this batch, which a read does not show yet */
  #put(stored: StoredPartition, record: LogRecord, fresh: Map<string, number>): void {
    settle(stored.records.put(record.offset, encodeStored(record), { append: true }));
    if (stored.latest === null || record.key === null) return;
    const keyHash = hash("sha256", record.key, "hex");
    const id = `${record.topic}/${record.partition}/${keyHash}`;
    const superseded = fresh.get(id) ?? stored.latest.get(keyHash);
    if (superseded !== undefined) settle(stored.records.remove(superseded));
    settle(stored.latest.put(keyHash, record.offset));
    fresh.set(id, record.offset);
  }

  #remove(stored: StoredPartition, offset: number, topic: string, partition: number): void {
    const bytes = stored.latest === null ? undefined : stored.records.get(offset);
    settle(stored.records.remove(offset));
    if (bytes === undefined) return;
    const { key } = decodeStored(topic, partition, offset, bytes);
    if (key === null || stored.latest === null) return;
    const keyHash = hash("sha256", key, "hex");
    if (stored.latest.get(keyHash) === offset) settle(stored.latest.remove(keyHash));
  }

  #openTopic(spec: TopicSpec): void {
    for (let partition = 0; partition < spec.partitions; partition++) {
      const id = `${spec.name}/${partition}`;
      const records: Database<Buffer, number> = this.#root.openDB({
        name: `records:${id}`,
        encoding: "binary",
      });
      this.#partitions.set(id, {
        records: records as Database<Buffer, number> & AppendingPut,
        latest:
          spec.cleanup === "compact" ? this.#root.openDB({ name: `latest:${id}`, encoding: "json" }) : null,
        bounds: this.#bounds.get(id) ?? { earliest: 0, next: 0, lastAppendTime: 0 },
      });
    }
  }

  #partition(topic: string, partition: number): StoredPartition {
    const stored = this.#partitions.get(`${topic}/${partition}`);
    if (stored === undefined) throw new RangeError(`no partition ${partition} in ${topic}`);
    return stored;
  }

  #freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.#options.directory);
    return bavail * bsize;
  }

  #checkSpace(): void {
    if (this.#freeBytes() < this.#options.reserveBytes) throw this.#full();
  }

  #full(cause?: unknown) {
    return streamError(
      "TRIPLINE_STREAM_FULL",
      `the disk of ${this.#options.directory} is full (${this.#options.reserveBytes} bytes are kept in reserve): make room; ` +
        "what was accepted is safe, and writing goes on by itself",
      cause,
    );
  }

  async #attempt(write: () => Promise<unknown>): Promise<void> {
    try {
      await write();
    } catch (error) {
      // lmdb-js rejects this one as well; it says no more than the error's errno.
      if (error instanceof Error && "commitError" in error) settle(error.commitError);
      if (this.#freeBytes() < Math.max(this.#options.reserveBytes, FULL_BELOW_BYTES)) throw this.#full(error);
      const fromDisk = error instanceof Error && ("commitError" in error || "code" in error);
      if (!fromDisk) throw error;
      throw streamError(
        "TRIPLINE_STREAM_UNAVAILABLE",
        `writing to the log in ${this.#options.directory} failed; nothing of it was kept: look at the disk`,
        error,
      );
    }
  }
}

const FULL_BELOW_BYTES = 16 * 1024 * 1024; // a transaction of a few MB does not fit any more: it failed for want of room

/** Single operations of a transaction reject with it; the transaction's own promise is the one that is looked at. */
function settle(operation: unknown): void {
  if (operation instanceof Promise) operation.catch(() => undefined);
}
