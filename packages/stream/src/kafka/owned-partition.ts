import { setTimeout as delay } from "node:timers/promises";
import { isRetriable } from "@tripline/events";
import type { EachBatchPayload } from "kafkajs";
import { streamError } from "../errors.ts";
import { checkStart } from "../limits.ts";
import type { Assignment, CommittedOffset, ConsumeOptions, PartitionReader } from "../log.ts";
import { fromKafka } from "./errors.ts";
import { guardedAssignment } from "./guarded-assignment.ts";
import type { PartitionBounds } from "./kafka-offsets.ts";
import { inParts, toRecord } from "./kafka-record.ts";

const ASK_AGAIN_MS = 250; // each question has been asked for seconds before it is given up
const ANSWER_PATIENCE_MS = 3_000; // an answer takes some ms; what takes longer is told

export interface OwnedPartitionOptions {
  options: ConsumeOptions;
  partition: number;
  compacted: boolean;
  /** What the group has committed, by partition. */
  committed(): Promise<Map<number, CommittedOffset>>;
  /** Where the topic's partitions begin and end. */
  bounds(): Promise<PartitionBounds[]>;
  /** Settles when nothing of the partition's earlier assignment runs any more. */
  before: Promise<void>;
  /** Lets kafkajs fetch, from here on; until then it is paused. */
  startAt(offset: number): void;
  /** Under the membership that the partition was assigned with, and no other. */
  commit(offset: number, metadata: string): Promise<void>;
}

/** One partition for the time of one assignment: from joining the group until it is lost. */
export class OwnedPartition {
  /** Rejects when the partition can't be read from where it should. */
  readonly ready: Promise<void>;
  readonly #o: OwnedPartitionOptions;
  readonly #lost = new AbortController();
  #reader: PartitionReader | null = null;
  #position = 0;
  /** The batch that is being handled. */
  #running: Promise<unknown> = Promise.resolve();
  #trouble: string | null = null;
  #askingSince: number | null = null;
  #readingSince: number | null = null;
  #handlingSince: number | null = null;
  #lose: Promise<void> | null = null;
  /** Aborted when the consumer closes or the assignment is lost: what waits for the broker gives up. */
  readonly #giveUp = new AbortController();

  constructor(options: OwnedPartitionOptions) {
    this.#o = options;
    this.ready = this.#prepare();
  }

  /** What keeps the partition from being read, in words; null when nothing does. */
  get trouble(): string | null {
    if (this.#trouble !== null || this.#askingSince === null) return this.#trouble;
    const { partition, options } = this.#o;
    return performance.now() - this.#askingSince > ANSWER_PATIENCE_MS
      ? `no broker says where partition ${partition} of ${options.topic} begins, or what is committed`
      : null;
  }

  /** Since when records may come, and since when a batch is being handled, as `performance.now()` has it; null: not now. */
  get readingSince(): number | null {
    return this.#readingSince;
  }

  get handlingSince(): number | null {
    return this.#handlingSince;
  }

  /** From this moment nothing is committed or handed out any more. */
  drop(): void {
    this.#lost.abort();
    this.#giveUp.abort();
  }

  /** @throws OutOfRangeError when what comes next is not in the log */
  async checkPosition(): Promise<void> {
    await this.ready.catch(() => undefined); // whoever made this partition has the error
    if (this.#reader !== null && !this.#lost.signal.aborted) await this.#checkGap();
  }

  /** Marks the assignment as lost. Resolves when its running work has ended and its reader has been told. */
  lose(): Promise<void> {
    this.drop();
    this.#lose ??= (async () => {
      await this.ready.catch(() => undefined); // whoever made this partition has the error
      await this.#running;
      this.#reader?.onLost?.();
    })();
    return this.#lose;
  }

  /** Waits for the running batch and lets the reader commit. */
  async finish(inOrder: boolean): Promise<void> {
    this.#giveUp.abort();
    await this.ready.catch(() => undefined); // whoever made this partition has the error
    await this.#running;
    if (inOrder && !this.#lost.signal.aborted) await this.#reader?.onClosing?.();
  }

  /** Hands one fetched batch to the reader, part by part. */
  handle(
    payload: EachBatchPayload,
    limits: { maxBatchRecords: number; maxBatchBytes: number; stopping(): boolean },
  ): Promise<void> {
    this.#handlingSince = performance.now();
    const done = this.#handle(payload, limits).finally(() => {
      this.#handlingSince = null;
    });
    this.#running = done.catch(() => undefined); // the caller has the error
    return done;
  }

  async #prepare(): Promise<void> {
    const { options, partition, compacted, before, startAt } = this.#o;
    const { topic } = options;
    await before;
    const answer = await this.#untilAnswered(() =>
      Promise.all([this.#o.committed(), this.#fetchOwnBounds()]),
    );
    if (answer === null || this.#lost.signal.aborted) return;
    const [committed, own] = answer;
    const last = committed.get(partition) ?? null;
    const reader = await options.onAssigned(this.#assignment(last, own.earliest));
    this.#reader = reader;
    const start = reader.startAt ?? last?.offset ?? own.earliest;
    checkStart({ topic, partition, compacted }, start, own);
    this.#position = start;
    if (this.#lost.signal.aborted) return;
    startAt(start);
    this.#readingSince = performance.now();
  }

  #assignment(committed: CommittedOffset | null, earliest: number): Assignment {
    const { options, partition, commit } = this.#o;
    return guardedAssignment(
      { topic: options.topic, partition, committed, earliest },
      { lost: this.#lost, commit, translate: fromKafka },
    );
  }

  async #handle(
    { batch, resolveOffset, isStale }: EachBatchPayload,
    limits: { maxBatchRecords: number; maxBatchBytes: number; stopping(): boolean },
  ): Promise<void> {
    await this.ready.catch(() => undefined); // whoever made this partition has the error
    const reader = this.#reader;
    if (reader === null || this.#lost.signal.aborted || isStale()) return;
    const { topic, partition } = batch;
    const records = batch.messages
      .map((message) => toRecord(topic, partition, message))
      .filter(({ offset }) => offset >= this.#position);
    const first = records[0];
    if (first !== undefined && first.offset > this.#position) await this.#checkGap();
    for (const part of inParts(records, limits.maxBatchRecords, limits.maxBatchBytes)) {
      if (this.#lost.signal.aborted || limits.stopping()) return;
      await reader.onBatch(part);
      const last = part.at(-1);
      if (last === undefined) continue;
      this.#position = last.offset + 1;
      if (this.#lost.signal.aborted) return;
      resolveOffset(String(last.offset));
    }
  }

  /** kafkajs jumps silently when retention overtakes it; a transaction's markers leave gaps that are none. */
  async #checkGap(): Promise<void> {
    const { options, partition, compacted } = this.#o;
    const bounds = await this.#untilAnswered(() => this.#fetchOwnBounds());
    if (bounds !== null) checkStart({ topic: options.topic, partition, compacted }, this.#position, bounds);
  }

  /** An answer may leave a partition out while its leader changes. To take that as an answer would leave it paused for good. */
  async #fetchOwnBounds() {
    const { options, partition } = this.#o;
    const bounds = await this.#o.bounds();
    const own = bounds.find((candidate) => candidate.partition === partition);
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
      this.#askingSince ??= performance.now();
      try {
        const answer = await ask();
        this.#trouble = null;
        this.#askingSince = null;
        return answer;
      } catch (error) {
        if (!isRetriable(error)) throw error;
        this.#trouble = error instanceof Error ? error.message : String(error);
        await delay(ASK_AGAIN_MS, undefined, { signal }).catch(() => undefined); // aborted: the loop ends
      }
    }
    return null;
  }
}
