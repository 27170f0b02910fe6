import { hash } from "node:crypto";
import { streamError } from "../errors.ts";
import type { Log, TableEntry } from "../log.ts";
import { entriesOf } from "./segment-bytes.ts";
import { type Segment, SegmentChain } from "./segment-chain.ts";
import { digestOf, type SnapshotPointer } from "./snapshot-pointer.ts";
import type { StateEntry, StepState } from "./step-state.ts";

/** Snapshots of one processor on the state topic. Keys are processor/partition/epoch/segment.chunk. */
export class StateStore {
  readonly topic: string;
  readonly #log: Log;
  readonly #processor: string;
  #load: Promise<Map<number, Map<string, Uint8Array>>> | null = null;
  #turn: Promise<void> = Promise.resolve();

  constructor(log: Log, topic: string, processor: string) {
    this.#log = log;
    this.topic = topic;
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
   * Fills the state with what the pointer names, and returns the chain that its next snapshots continue.
   * @param stored what `load` gave; null pointer: a fresh chain that will clean all of it away
   * @throws TriplineError TRIPLINE_STREAM_STATE_MISSING when it is not there whole
   */
  async restore(
    partition: number,
    stored: ReadonlyMap<string, Uint8Array>,
    pointer: SnapshotPointer | null,
    state: StepState,
  ): Promise<SegmentChain> {
    const segments: Segment[] = [];
    const digests: string[] = [];
    const latest = new Map<string, StateEntry & { segment: number }>();
    for (const [epoch, first, last] of pointer?.segments ?? []) {
      for (let number = first; number <= last; number++) {
        const bytes = this.#whole(stored, epoch, number);
        const sha256 = hash("sha256", bytes.whole, "hex");
        let size = 0;
        digests.push(sha256);
        for (const { key, value } of this.#entries(partition, bytes.whole)) {
          size += key.length + (value ?? "").length;
          latest.set(key, { key, value, segment: number });
        }
        segments.push({ epoch, number, chunks: bytes.chunks, size, sha256 });
      }
    }
    if (pointer !== null && digestOf(digests) !== pointer.sha256) throw this.#missing(partition, pointer);
    if (latest.size > 0) await state.load(latest.values());
    return new SegmentChain({
      prefix: `${this.#processor}/${partition}/`,
      state,
      segments,
      stored: stored.keys(),
    });
  }

  /** One snapshot of this processor at a time, so that their slices do not add up to a pause. */
  async inTurn(work: () => Promise<void>): Promise<void> {
    const before = this.#turn;
    const done = Promise.withResolvers<void>();
    this.#turn = done.promise;
    await before;
    try {
      await work();
    } finally {
      done.resolve();
    }
  }

  #whole(
    stored: ReadonlyMap<string, Uint8Array>,
    epoch: string,
    number: number,
  ): { whole: Buffer; chunks: number } {
    const parts: Uint8Array[] = [];
    for (;;) {
      const chunk = stored.get(`${epoch}/${number}.${parts.length}`);
      if (chunk === undefined) return { whole: Buffer.concat(parts), chunks: parts.length };
      parts.push(chunk);
    }
  }

  *#entries(partition: number, segment: Buffer): IterableIterator<StateEntry> {
    try {
      yield* entriesOf(segment);
    } catch (cause) {
      throw streamError(
        "TRIPLINE_STREAM_STATE_MISSING",
        `the state of ${this.#processor}/${partition} on ${this.topic} is damaged: ${REMEDY}`,
        cause,
      );
    }
  }

  #missing(partition: number, { position }: SnapshotPointer): Error {
    return streamError(
      "TRIPLINE_STREAM_STATE_MISSING",
      `the snapshot of ${this.#processor}/${partition} at offset ${position} is not whole on ${this.topic}: ${REMEDY}`,
    );
  }

  async #read(): Promise<Map<number, Map<string, Uint8Array>>> {
    const byPartition = new Map<number, Map<string, Uint8Array>>();
    const reader = await this.#log.readTable(this.topic, ({ key, value }: TableEntry) => {
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

const REMEDY =
  "delete the group's offset to start without state, and expect what depends on it to be missing";
