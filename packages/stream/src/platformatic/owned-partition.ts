import { setTimeout as delay } from "node:timers/promises";
import { isRetriable } from "@tripline/events";
import { hasCode, streamError } from "../errors.ts";
import { fetchBytes } from "../fetch-bytes.ts";
import { guardedAssignment } from "../kafka/guarded-assignment.ts";
import { checkStart, DEFAULT_MAX_BATCH_BYTES, DEFAULT_MAX_BATCH_RECORDS } from "../limits.ts";
import type { Assignment, CommittedOffset, ConsumeOptions, PartitionReader } from "../log.ts";
import { fromPlatformatic } from "./errors.ts";
import type { Fetcher } from "./fetcher.ts";
import { PartitionPump } from "./partition-pump.ts";

const ASK_AGAIN_MS = 250;

interface Bounds {
  partition: number;
  earliest: number;
  next: number;
}

export interface OwnedPartitionOptions {
  options: ConsumeOptions;
  partition: number;
  compacted: boolean;
  fetcher: Fetcher;
  /** Settles when nothing of the partition's earlier assignment runs any more. */
  before: Promise<void>;
  fetchBounds(): Promise<Bounds[]>;
  fetchCommitted(): Promise<Map<number, CommittedOffset>>;
  /** Under the generation of this assignment, once. */
  commit(offset: number, metadata: string): Promise<void>;
  onError(error: unknown): void;
}

/** One partition for the time of one assignment: from joining the group until it is lost. */
export class OwnedPartition {
  /** Rejects when the partition can't be read from where it should. */
  readonly ready: Promise<void>;
  readonly #o: OwnedPartitionOptions;
  readonly #lost = new AbortController();
  readonly #giveUp = new AbortController();
  #reader: PartitionReader | null = null;
  #pump: PartitionPump | null = null;
  #lose: Promise<void> | null = null;

  constructor(options: OwnedPartitionOptions) {
    this.#o = options;
    this.ready = this.#prepare();
  }

  /** Marks the assignment as lost. Resolves when its running work has ended and its reader has been told. */
  lose(): Promise<void> {
    this.#lost.abort();
    this.#giveUp.abort();
    this.#lose ??= (async () => {
      await this.#stop();
      this.#reader?.onLost?.();
    })();
    return this.#lose;
  }

  /** Waits for the running batch and lets the reader commit. */
  async finish(inOrder: boolean): Promise<void> {
    this.#giveUp.abort();
    await this.#stop();
    if (inOrder && !this.#lost.signal.aborted) await this.#reader?.onClosing?.();
  }

  async #stop(): Promise<void> {
    await this.ready.catch(() => undefined); // whoever made this partition has the error
    if (this.#pump === null) return;
    this.#o.fetcher.remove(this.#pump);
    await this.#pump.end();
  }

  async #prepare(): Promise<void> {
    const { options, partition, compacted, before, fetchCommitted, fetcher } = this.#o;
    const { topic } = options;
    await before;
    const answer = await this.#untilAnswered(() => Promise.all([fetchCommitted(), this.#fetchOwnBounds()]));
    if (answer === null || this.#lost.signal.aborted) return;
    const [committed, own] = answer;
    const last = committed.get(partition) ?? null;
    const reader = await options.onAssigned(this.#assignment(last, own.earliest));
    this.#reader = reader;
    const start = reader.startAt ?? last?.offset ?? own.earliest;
    checkStart({ topic, partition, compacted }, start, own);
    if (this.#giveUp.signal.aborted) return;
    this.#pump = new PartitionPump({
      partition,
      from: start,
      maxBatchRecords: options.maxBatchRecords ?? DEFAULT_MAX_BATCH_RECORDS,
      maxBatchBytes: options.maxBatchBytes ?? DEFAULT_MAX_BATCH_BYTES,
      enoughBytes: fetchBytes(options),
      handle: (records) => this.#handle(reader, records),
      onOutOfRange: (offset) => this.#outOfRange(offset),
      onError: (error) => this.#o.onError(error),
      wake: () => fetcher.wake(),
    });
    fetcher.add(this.#pump);
  }

  async #handle(
    reader: PartitionReader,
    records: Parameters<PartitionReader["onBatch"]>[0],
  ): Promise<boolean> {
    if (this.#giveUp.signal.aborted) return false;
    try {
      await reader.onBatch(records);
    } catch (error) {
      // A reader that learns from a commit that it lost the partition may say so.
      if (!hasCode(error, "TRIPLINE_STREAM_ASSIGNMENT_LOST")) throw error;
      return false;
    }
    return !this.#giveUp.signal.aborted;
  }

  #outOfRange(offset: number): void {
    const { options, partition, compacted, onError } = this.#o;
    if (this.#pump !== null) this.#o.fetcher.remove(this.#pump);
    this.#untilAnswered(() => this.#fetchOwnBounds())
      .then((own) => {
        if (own === null) return;
        checkStart({ topic: options.topic, partition, compacted }, offset, own);
        if (this.#pump !== null) this.#o.fetcher.add(this.#pump); // a leader that lagged behind
      })
      .catch(onError);
  }

  #assignment(committed: CommittedOffset | null, earliest: number): Assignment {
    const { options, partition, commit } = this.#o;
    return guardedAssignment(
      { topic: options.topic, partition, committed, earliest },
      { lost: this.#lost, commit, translate: fromPlatformatic },
    );
  }

  async #fetchOwnBounds(): Promise<Bounds> {
    const { options, partition, fetchBounds } = this.#o;
    const own = (await fetchBounds()).find((candidate) => candidate.partition === partition);
    if (own !== undefined) return own;
    throw streamError(
      "TRIPLINE_STREAM_UNAVAILABLE",
      `the broker does not know where partition ${partition} of ${options.topic} begins: try again`,
    );
  }

  /** Asks until the broker answers; null when nobody needs the answer any more. */
  async #untilAnswered<T>(ask: () => Promise<T>): Promise<T | null> {
    const { signal } = this.#giveUp;
    while (!signal.aborted) {
      try {
        return await ask();
      } catch (error) {
        if (!isRetriable(error)) throw error;
        await delay(ASK_AGAIN_MS, undefined, { signal }).catch(() => undefined); // aborted: the loop ends
      }
    }
    return null;
  }
}
