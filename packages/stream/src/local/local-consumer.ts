import { setImmediate as nextTurn } from "node:timers/promises";
import { assignmentLost } from "../errors.ts";
import { checkStart, DEFAULT_MAX_BATCH_BYTES, DEFAULT_MAX_BATCH_RECORDS } from "../limits.ts";
import type { Assignment, ConsumeOptions, Consumer, LogRecord } from "../log.ts";
import type { GroupCommits } from "./group.ts";
import type { Partition } from "./partition.ts";

/** What a consumer tells its group. */
export interface Membership {
  released(partition: Partition): void;
  leaving(): void;
}

/** One member of a group: a loop for each partition that it owns. */
export class LocalConsumer implements Consumer {
  readonly ended: Promise<void>;
  readonly #options: ConsumeOptions;
  readonly #commits: GroupCommits;
  readonly #membership: Membership;
  readonly #loops = new Map<Partition, Promise<void>>();
  /** Aborted when no further batch may start. */
  readonly #stop = new AbortController();
  readonly #end: { resolve(): void; reject(error: unknown): void };
  #failure: { error: unknown } | null = null;

  constructor(options: ConsumeOptions, commits: GroupCommits, membership: Membership) {
    this.#options = options;
    this.#commits = commits;
    this.#membership = membership;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.ended = promise;
    this.ended.catch(() => undefined); // whoever cares awaits `ended`; it must not end the process by itself
    this.#end = { resolve, reject };
  }

  take(partition: Partition): void {
    const loop = this.#run(partition).catch((error: unknown) => this.#fail(error));
    this.#loops.set(
      partition,
      loop.finally(() => {
        this.#loops.delete(partition);
        this.#membership.released(partition);
      }),
    );
  }

  async close(): Promise<void> {
    this.#leave();
    await Promise.all(this.#loops.values());
    if (this.#failure === null) this.#end.resolve();
  }

  #leave(): void {
    this.#membership.leaving();
    this.#stop.abort();
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#leave();
    void Promise.all(this.#loops.values()).then(() => this.#end.reject(this.#failure?.error));
  }

  async #run(partition: Partition): Promise<void> {
    const owned = new AbortController();
    await null; // `onAssigned` must not run inside `consume`
    if (this.#stop.signal.aborted) return;
    const assignment = this.#assignment(partition, owned.signal);
    const reader = await this.#options.onAssigned(assignment);
    try {
      let position = reader.startAt ?? assignment.committed?.offset ?? partition.earliest;
      const { maxBatchRecords = DEFAULT_MAX_BATCH_RECORDS, maxBatchBytes = DEFAULT_MAX_BATCH_BYTES } =
        this.#options;
      while (!this.#stop.signal.aborted) {
        checkStart(
          { topic: partition.topic, partition: partition.index, compacted: partition.compacted },
          position,
          partition,
        );
        const end = partition.next; // before the read: what is appended while it goes on must not be passed over
        const records = await readInTurns(partition, position, maxBatchRecords, maxBatchBytes);
        const last = records.at(-1);
        if (last === undefined) {
          position = Math.max(position, end); // compacted away up to the end
          await partition.grown(position, this.#stop.signal);
          continue;
        }
        await reader.onBatch(records);
        position = last.offset + 1;
      }
      if (this.#failure === null) await reader.onClosing?.();
    } finally {
      owned.abort();
      reader.onLost?.();
    }
  }

  #assignment(partition: Partition, signal: AbortSignal): Assignment {
    return {
      topic: partition.topic,
      partition: partition.index,
      committed: this.#commits.committed(partition.index),
      earliest: partition.earliest,
      signal,
      commit: async (offset, metadata = "") => {
        if (signal.aborted) throw assignmentLost(partition.topic, partition.index);
        await this.#commits.commit(partition.index, offset, metadata);
      },
    };
  }
}

const READ_TURN = 500; // records; reading is synchronous, and 2 ms of it at a time hold nobody up

/** A batch as `Partition.read` gives it, letting others run while it is gathered. */
async function readInTurns(
  partition: Partition,
  from: number,
  maxRecords: number,
  maxBytes: number,
): Promise<LogRecord[]> {
  const records = partition.read(from, Math.min(READ_TURN, maxRecords), maxBytes);
  let bytes = sizeOf(records);
  for (let last = records.length; last === READ_TURN && records.length < maxRecords && bytes < maxBytes; ) {
    await nextTurn();
    const position = (records.at(-1)?.offset ?? from) + 1;
    const more = partition.read(position, Math.min(READ_TURN, maxRecords - records.length), maxBytes - bytes);
    for (const record of more) records.push(record);
    bytes += sizeOf(more);
    last = more.length;
  }
  return records;
}

function sizeOf(records: readonly LogRecord[]): number {
  return records.reduce((sum, { value }) => sum + (value?.byteLength ?? 0), 0);
}
