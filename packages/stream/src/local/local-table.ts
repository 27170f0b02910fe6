import { setImmediate as nextTurn } from "node:timers/promises";
import type { TableEntry, TableReader } from "../log.ts";
import type { Partition } from "./partition.ts";

const CHUNK_RECORDS = 1000; // then others get a turn
const CHUNK_BYTES = 4 * 1024 * 1024;

/** Reads every partition of a topic, a compacted one from its start, and follows it. */
export class LocalTable implements TableReader {
  readonly loaded: Promise<void>;
  readonly ended: Promise<void>;
  readonly #stop = new AbortController();

  /** @param from its start, or its end as it is now */
  constructor(
    partitions: readonly Partition[],
    from: "start" | "end",
    onEntry: (entry: TableEntry) => void,
    onEnd: () => void,
  ) {
    const loads: Promise<void>[] = [];
    const loops = partitions.map((partition) => {
      const load = Promise.withResolvers<void>();
      loads.push(load.promise);
      return this.#follow(partition, from === "end" ? partition.next : 0, onEntry, load.resolve).catch(
        (error: unknown) => {
          load.reject(error);
          this.#stop.abort();
          throw error;
        },
      );
    });
    this.loaded = Promise.all(loads).then(() => undefined);
    this.ended = Promise.all(loops)
      .then(() => undefined)
      .finally(onEnd);
    for (const promise of [this.loaded, this.ended]) promise.catch(() => undefined); // whoever cares awaits them
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.ended.catch(() => undefined); // reported by `ended`
  }

  async #follow(
    partition: Partition,
    from: number,
    onEntry: (entry: TableEntry) => void,
    loaded: () => void,
  ): Promise<void> {
    const end = partition.next;
    let position = from;
    await null; // entries come after `readTable` has returned
    while (!this.#stop.signal.aborted) {
      const until = partition.next;
      const records = partition.read(position, CHUNK_RECORDS, CHUNK_BYTES);
      for (const { key, value, offset, appendTime } of records) {
        if (key !== null) onEntry({ key, value, partition: partition.index, offset, appendTime });
      }
      const last = records.at(-1);
      position = last === undefined ? Math.max(position, until) : last.offset + 1;
      if (position >= end) loaded();
      if (position >= partition.next) await partition.grown(position, this.#stop.signal);
      else await nextTurn();
    }
    loaded();
  }
}
