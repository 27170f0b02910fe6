import type { AgeMark } from "../local/age-marks.ts";
import type { StoredClock } from "../local/retention-clock.ts";
import type { Storage, StorageBatch, StoredBounds, StoredCommit } from "../local/storage.ts";
import type { LogRecord, TopicSpec } from "../log.ts";

/** Keeps everything in arrays. Durable as long as the process. */
export class MemoryStorage implements Storage {
  readonly #topics: TopicSpec[] = [];
  readonly #partitions = new Map<string, { compacted: boolean; records: LogRecord[] } & StoredBounds>();

  admit(): void {
    // bounded by the process alone
  }

  topics(): readonly TopicSpec[] {
    return this.#topics;
  }

  async createTopics(specs: readonly TopicSpec[]): Promise<void> {
    for (const spec of specs) {
      this.#topics.push(spec);
      for (let partition = 0; partition < spec.partitions; partition++) {
        this.#partitions.set(`${spec.name}/${partition}`, {
          compacted: spec.cleanup === "compact",
          records: [],
          earliest: 0,
          next: 0,
          lastAppendTime: 0,
        });
      }
    }
  }

  bounds(topic: string, partition: number): StoredBounds {
    return this.#partition(topic, partition);
  }

  async write(batch: StorageBatch): Promise<void> {
    for (const record of batch.records) {
      const stored = this.#partition(record.topic, record.partition);
      if (stored.compacted) remove(stored.records, (old) => old.key === record.key);
      stored.records.push({ ...record, value: record.value === null ? null : Uint8Array.from(record.value) });
      stored.next = record.offset + 1;
      stored.lastAppendTime = record.appendTime;
    }
    for (const removal of batch.removals) {
      const stored = this.#partition(removal.topic, removal.partition);
      const offsets = new Set(removal.offsets);
      remove(stored.records, (record) => offsets.has(record.offset));
      stored.earliest = removal.earliest ?? stored.earliest;
    }
  }

  read(topic: string, partition: number, from: number, maxRecords: number, maxBytes: number): LogRecord[] {
    const { records } = this.#partition(topic, partition);
    let low = 0;
    for (let high = records.length; low < high; ) {
      const middle = (low + high) >> 1;
      if ((records[middle]?.offset ?? 0) < from) low = middle + 1;
      else high = middle;
    }
    const found: LogRecord[] = [];
    let bytes = 0;
    for (const record of records.slice(low, low + maxRecords)) {
      found.push({ ...record });
      bytes += record.value?.byteLength ?? 0;
      if (bytes > maxBytes) break;
    }
    return found;
  }

  commits(): Iterable<StoredCommit> {
    return [];
  }

  ages(): readonly AgeMark[] {
    return [];
  }

  clock(): StoredClock | null {
    return null;
  }

  ping(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #partition(topic: string, partition: number) {
    const stored = this.#partitions.get(`${topic}/${partition}`);
    if (stored === undefined) throw new RangeError(`no partition ${partition} in ${topic}`);
    return stored;
  }
}

function remove(records: LogRecord[], gone: (record: LogRecord) => boolean): void {
  for (let i = records.length - 1; i >= 0; i--) {
    const record = records[i];
    if (record !== undefined && gone(record)) records.splice(i, 1);
  }
}
