import { hash, randomBytes } from "node:crypto";
import { streamError } from "../errors.ts";
import type { Log, NewRecord, TableEntry } from "../log.ts";
import type { SnapshotPointer } from "./snapshot-pointer.ts";

const CHUNK_BYTES = 512 * 1024; // half of what a log takes as one record

/** Snapshots of one processor on the state topic. Keys are processor/partition/epoch/slot.chunk. */
export class StateStore {
  readonly #log: Log;
  readonly #topic: string;
  readonly #processor: string;
  #load: Promise<Map<number, Map<string, Uint8Array>>> | null = null;

  constructor(log: Log, topic: string, processor: string) {
    this.#log = log;
    this.#topic = topic;
    this.#processor = processor;
  }

  /**
   * What is stored for one partition, by key behind `processor/partition/`. Calls made in one turn share one read of
   * the topic, so that a process that is given twelve partitions reads it once.
   */
  async load(partition: number): Promise<Map<string, Uint8Array>> {
    this.#load ??= (async () => {
      await new Promise((resolve) => setImmediate(resolve));
      this.#load = null; // who comes from here on needs a fresh read
      return this.#read();
    })();
    return (await this.#load).get(partition) ?? new Map();
  }

  /**
   * The bytes that the pointer names.
   * @throws TriplineError TRIPLINE_STREAM_STATE_MISSING when they are not there whole
   */
  assemble(partition: number, stored: ReadonlyMap<string, Uint8Array>, pointer: SnapshotPointer): Uint8Array {
    const chunks: Uint8Array[] = [];
    for (let chunk = 0; chunk < pointer.chunks; chunk++) {
      const bytes = stored.get(chunkKey(pointer.epoch, pointer.slot, chunk));
      if (bytes !== undefined) chunks.push(bytes);
    }
    const whole = Buffer.concat(chunks);
    if (chunks.length === pointer.chunks && hash("sha256", whole, "hex") === pointer.sha256) return whole;
    throw streamError(
      "TRIPLINE_STREAM_STATE_MISSING",
      `the snapshot of ${this.#processor}/${partition} at offset ${pointer.position} is not whole on ${this.#topic}: ` +
        "delete the group's offset to start without state, and expect what depends on it to be missing",
    );
  }

  /** A fresh place for the snapshots of one ownership. */
  writer(partition: number, stale: Iterable<string>): SnapshotWriter {
    return new SnapshotWriter(`${this.#processor}/${partition}/`, new Set(stale));
  }

  get topic(): string {
    return this.#topic;
  }

  async #read(): Promise<Map<number, Map<string, Uint8Array>>> {
    const byPartition = new Map<number, Map<string, Uint8Array>>();
    const reader = await this.#log.readTable(this.#topic, ({ key, value }: TableEntry) => {
      const [processor, partition, ...rest] = key.split("/");
      if (processor !== this.#processor) return;
      const stored = byPartition.get(Number(partition)) ?? new Map<string, Uint8Array>();
      byPartition.set(Number(partition), stored);
      if (value === null) stored.delete(rest.join("/"));
      else stored.set(rest.join("/"), value);
    });
    try {
      await reader.loaded;
    } finally {
      await reader.close();
    }
    return byPartition;
  }
}

/**
 * Writes the snapshots of one ownership into two slots in turn, so that the one the last commit names is never touched
 * before the next one is named. A zombie writes under an epoch of its own, which no commit ever names.
 */
export class SnapshotWriter {
  readonly #prefix: string;
  readonly #epoch = randomBytes(16).toString("hex");
  readonly #stale: Set<string>;
  readonly #chunksInSlot = [0, 0];
  #slot: 0 | 1 = 1;

  constructor(prefix: string, stale: Set<string>) {
    this.#prefix = prefix;
    this.#stale = stale;
  }

  /** The records to produce, and the pointer to commit once they are durable. */
  next(bytes: Uint8Array, position: number): { records: NewRecord[]; pointer: SnapshotPointer } {
    const slot = this.#slot === 0 ? 1 : 0;
    const records: NewRecord[] = [];
    const chunks = Math.max(1, Math.ceil(bytes.byteLength / CHUNK_BYTES));
    for (let chunk = 0; chunk < chunks; chunk++) {
      const value = bytes.subarray(chunk * CHUNK_BYTES, (chunk + 1) * CHUNK_BYTES);
      records.push({ key: this.#prefix + chunkKey(this.#epoch, slot, chunk), value });
    }
    for (let chunk = chunks; chunk < (this.#chunksInSlot[slot] ?? 0); chunk++) {
      records.push({ key: this.#prefix + chunkKey(this.#epoch, slot, chunk), value: null });
    }
    this.#slot = slot;
    this.#chunksInSlot[slot] = chunks;
    return {
      records,
      pointer: { epoch: this.#epoch, slot, chunks, position, sha256: hash("sha256", bytes, "hex") },
    };
  }

  /** Tombstones for what earlier owners left, once a snapshot of this one has been committed. */
  tombstones(): NewRecord[] {
    return [...this.#stale].map((key) => ({ key: this.#prefix + key, value: null }));
  }

  /** The tombstones are durable. */
  cleaned(): void {
    this.#stale.clear();
  }
}

function chunkKey(epoch: string, slot: number, chunk: number): string {
  return `${epoch}/${slot}.${chunk}`;
}
