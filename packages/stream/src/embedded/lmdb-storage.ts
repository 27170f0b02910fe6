import { hash } from "node:crypto";
import { join } from "node:path";
import { TriplineError } from "@tripline/events";
import { type Database, open, type RootDatabase } from "lmdb";
import { streamError } from "../errors.ts";
import type { AgeMark } from "../local/age-marks.ts";
import type { StoredClock } from "../local/retention-clock.ts";
import type { Storage, StorageBatch, StoredBounds, StoredCommit } from "../local/storage.ts";
import type { LogRecord, TopicSpec } from "../log.ts";
import type { DiskRoom } from "./disk-room.ts";
import { decodeStored, encodeStored } from "./record-codec.ts";

const MAP_BYTES = 2 ** 40; // address space, not disk: LMDB must never have to grow its map while others read
const MAX_DATABASES = 512; // one for each partition, two for each compacted one
const OWN_DATABASES = 5; // meta, bounds, commits, ages, clock
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
  room: DiskRoom;
  /** Only look: what is missing is damage then, and nothing is made. */
  readOnly?: boolean;
}

/** The log's file in its directory. */
export function dataFileOf(directory: string): string {
  return join(directory, "log.mdb");
}

/** Keeps a log in one LMDB environment. One transaction for each `write`, synced before it resolves. */
export class LmdbStorage implements Storage {
  readonly #options: LmdbStorageOptions;
  readonly #root: RootDatabase;
  readonly #meta: Database<readonly TopicSpec[], string>;
  readonly #bounds: Database<StoredBounds, string>;
  readonly #commits: Database<StoredCommit, string>;
  readonly #ages: Database<readonly AgeMark[], string>;
  readonly #clock: Database<StoredClock | number, string>;
  readonly #databases = new Map<string, { getKeys(): Iterable<unknown>; getStats(): object }>();
  readonly #partitions = new Map<string, StoredPartition>();
  #topics: readonly TopicSpec[];

  /** @throws TriplineError TRIPLINE_STREAM_DAMAGED when what the file holds does not go together */
  constructor(options: LmdbStorageOptions) {
    this.#options = options;
    this.#root = open({
      path: dataFileOf(options.directory),
      mapSize: MAP_BYTES,
      maxDbs: MAX_DATABASES,
      maxReaders: MAX_READERS,
      // Resolve after the sync, and let nobody read before it: what a reader acted upon can't vanish.
      overlappingSync: false,
      noSync: !options.sync,
      readOnly: options.readOnly ?? false,
      // Batches are made here; lmdb-js's own would reject a promise that nobody can reach when a write fails.
      eventTurnBatching: false,
    });
    this.#meta = this.#openDB("meta", "json");
    this.#bounds = this.#openDB("bounds", "json");
    this.#commits = this.#openDB("commits", "json");
    this.#ages = this.#openDB("ages", "json");
    this.#clock = this.#openDB("clock", "json");
    this.#topics = this.#meta.get("topics") ?? [];
    for (const spec of this.#topics) this.#openTopic(spec);
  }

  admit(): void {
    this.#options.room.checkOwn();
  }

  topics(): readonly TopicSpec[] {
    return this.#topics;
  }

  async createTopics(specs: readonly TopicSpec[]): Promise<void> {
    const topics = [...this.#topics, ...specs];
    const databases = topics.reduce(
      (sum, spec) => sum + spec.partitions * (spec.cleanup === "compact" ? 2 : 1),
      OWN_DATABASES,
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
        for (const { topic, partition, marks } of batch.ages)
          settle(this.#ages.put(`${topic}/${partition}`, marks));
        if (batch.clock !== null) settle(this.#clock.put("clock", batch.clock));
      }),
    );
    for (const [stored, { now }] of bounds) stored.bounds = now;
  }

  read(topic: string, partition: number, from: number, maxRecords: number, maxBytes: number): LogRecord[] {
    const { records } = this.#partition(topic, partition);
    const found: LogRecord[] = [];
    let bytes = 0;
    return naming(`${topic}/${partition}`, () => {
      for (const { key, value } of records.getRange({ start: from, limit: maxRecords })) {
        const record = decodeStored(topic, partition, key, value);
        found.push(record);
        bytes += record.value?.byteLength ?? 0;
        if (bytes > maxBytes) break;
      }
      return found;
    });
  }

  *commits(): Iterable<StoredCommit> {
    for (const { value } of this.#commits.getRange()) yield value;
  }

  /** Reads every key. @throws TriplineError TRIPLINE_STREAM_DAMAGED when a table has not as many as it should */
  count(): void {
    for (const [name, database] of [["the list of tables", this.#root] as const, ...this.#databases]) {
      const stats = database.getStats();
      const expected = "entryCount" in stats ? stats.entryCount : null;
      let keys = 0;
      for (const _ of naming(name, () => database.getKeys())) keys++;
      if (keys !== expected) throw damaged(`${name} has ${keys} entries and should have ${expected}`);
    }
  }

  ages(topic: string, partition: number): readonly AgeMark[] {
    return this.#ages.get(`${topic}/${partition}`) ?? [];
  }

  clock(): StoredClock | null {
    const clock = this.#clock.get("clock");
    return typeof clock === "object" ? clock : null;
  }

  /** When the disk became too full for producers, ms since the epoch; null while it is not. Outlives the process. */
  fullSince(): number | null {
    const since = this.#clock.get("full_since");
    return typeof since === "number" ? since : null;
  }

  async setFullSince(since: number | null): Promise<void> {
    await this.#attempt(() =>
      since === null ? this.#clock.remove("full_since") : this.#clock.put("full_since", since),
    );
  }

  async ping(): Promise<void> {
    this.#meta.get("topics");
    this.#options.room.checkIntake();
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

  #openDB<V, K extends string | number>(name: string, encoding: "json" | "binary"): Database<V, K> {
    const database: Database<V, K> | undefined = this.#root.openDB({ name, encoding });
    if (database === undefined) throw damaged(`its table ${name} is missing`);
    this.#databases.set(name, database);
    return database;
  }

  #openTopic(spec: TopicSpec): void {
    for (let partition = 0; partition < spec.partitions; partition++) {
      const id = `${spec.name}/${partition}`;
      const records: Database<Buffer, number> = this.#openDB(`records:${id}`, "binary");
      const compacted = spec.cleanup === "compact";
      const bounds = this.#bounds.get(id) ?? { earliest: 0, next: 0, lastAppendTime: 0 };
      naming(id, () => checkEnds(id, records, compacted, bounds));
      this.#partitions.set(id, {
        records: records as Database<Buffer, number> & AppendingPut,
        latest: compacted ? this.#openDB(`latest:${id}`, "json") : null,
        bounds,
      });
    }
  }

  #partition(topic: string, partition: number): StoredPartition {
    const stored = this.#partitions.get(`${topic}/${partition}`);
    if (stored === undefined) throw new RangeError(`no partition ${partition} in ${topic}`);
    return stored;
  }

  async #attempt(write: () => Promise<unknown>): Promise<void> {
    try {
      await write();
    } catch (error) {
      // lmdb-js rejects this one as well; it says no more than the error's errno.
      if (error instanceof Error && "commitError" in error) settle(error.commitError);
      const { room } = this.#options;
      if (room.freeBytes() < Math.max(room.reserveBytes, FULL_BELOW_BYTES)) throw room.full(error);
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

/** That what the bounds promise is there; whether all between is there, shows when it is read. */
function checkEnds(
  id: string,
  records: Database<Buffer, number>,
  compacted: boolean,
  { earliest, next }: StoredBounds,
): void {
  const [first] = records.getKeys({ limit: 1 });
  const [last] = records.getKeys({ reverse: true, limit: 1 });
  const whole = compacted
    ? last === undefined || last < next
    : earliest === next
      ? last === undefined
      : first === earliest && last === next - 1;
  if (whole) return;
  throw damaged(
    `${id} should hold records ${earliest} to ${next - 1}, and holds ${first ?? "none"} to ${last ?? "none"}`,
  );
}

function damaged(message: string, cause?: unknown) {
  return streamError("TRIPLINE_STREAM_DAMAGED", message, cause);
}

const FIRST_LMDB_CODE = -30_799; // MDB_KEYEXIST; all of LMDB's own codes lie in these hundred
const LAST_LMDB_CODE = -30_700;

/** Says of LMDB's own complaints about its pages what they mean. */
export function naming<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof TriplineError || !(error instanceof Error)) throw error;
    const code = "code" in error ? Number(error.code) : 0;
    const byLmdb = (code >= FIRST_LMDB_CODE && code <= LAST_LMDB_CODE) || /MDB_/.test(error.message);
    if (!byLmdb) throw error;
    throw damaged(`${what} can't be read: ${error.message}`, error);
  }
}

/** Single operations of a transaction reject with it; the transaction's own promise is the one that is looked at. */
function settle(operation: unknown): void {
  if (operation instanceof Promise) operation.catch(() => undefined);
}
