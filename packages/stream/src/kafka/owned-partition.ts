import { setTimeout as delay } from "node:timers/promises";
import { isRetriable } from "@tripline/events";
import type { Admin, EachBatchPayload } from "kafkajs";
import { assignmentLost, hasCode, streamError } from "../errors.ts";
import { checkMetadata, checkStart } from "../limits.ts";
import type { Assignment, CommittedOffset, ConsumeOptions, PartitionReader } from "../log.ts";
import { fromKafka } from "./errors.ts";
import { fetchBounds, fetchCommitted } from "./kafka-offsets.ts";
import { inParts, toRecord } from "./kafka-record.ts";

const ASK_AGAIN_MS = 250; // kafkajs has tried for seconds before it gives up

export interface OwnedPartitionOptions {
  options: ConsumeOptions;
  partition: number;
  compacted: boolean;
  admin: Admin;
  /** Settles when nothing of the partition's earlier assignment runs any more. */
  before: Promise<void>;
  /** Lets kafkajs fetch, from here on; until then it is paused. */
  startAt(offset: number): void;
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
  #committing: EachBatchPayload["commitOffsetsIfNecessary"] | null = null;
  #lose: Promise<void> | null = null;
  /** Aborted when the consumer closes or the assignment is lost: what waits for the broker gives up. */
  readonly #giveUp = new AbortController();

  constructor(options: OwnedPartitionOptions) {
    this.#o = options;
    this.ready = this.#prepare();
  }

  /** Marks the assignment as lost. Resolves when its running work has ended and its reader has been told. */
  lose(): Promise<void> {
    this.#lost.abort();
    this.#giveUp.abort();
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
    const done = this.#handle(payload, limits);
    this.#running = done.catch(() => undefined); // the caller has the error
    return done;
  }

  async #prepare(): Promise<void> {
    const { options, partition, compacted, admin, before, startAt } = this.#o;
    const { topic, group } = options;
    await before;
    const answer = await this.#untilAnswered(() =>
      Promise.all([fetchCommitted(admin, topic, group), this.#fetchOwnBounds()]),
    );
    if (answer === null || this.#lost.signal.aborted) return;
    const [committed, own] = answer;
    const last = committed.get(partition) ?? null;
    const reader = await options.onAssigned(this.#assignment(last, own.earliest));
    this.#reader = reader;
    const start = reader.startAt ?? last?.offset ?? own.earliest;
    checkStart({ topic, partition, compacted }, start, own);
    this.#position = start;
    if (!this.#lost.signal.aborted) startAt(start);
  }

  #assignment(committed: CommittedOffset | null, earliest: number): Assignment {
    const { options, partition } = this.#o;
    const { topic } = options;
    const { signal } = this.#lost;
    return {
      topic,
      partition,
      committed,
      earliest,
      signal,
      commit: async (offset, metadata = "") => {
        checkMetadata(metadata);
        if (signal.aborted) throw assignmentLost(topic, partition);
        try {
          // The payload's function commits under the generation of this moment, once. The consumer's own would try
          // again after the group has changed, under the new generation.
          const offsets = {
            topics: [{ topic, partitions: [{ partition, offset: String(offset), metadata }] }],
          };
          if (this.#committing !== null) await this.#committing(offsets);
          else await this.#o.commit(offset, metadata); // before the first batch there is no payload
        } catch (cause) {
          const error = fromKafka(cause, `committing ${topic}/${partition}`);
          if (hasCode(error, "TRIPLINE_STREAM_ASSIGNMENT_LOST")) this.#lost.abort(); // before kafkajs has noticed
          throw error;
        }
      },
    };
  }

  async #handle(
    { batch, resolveOffset, isStale, heartbeat, commitOffsetsIfNecessary }: EachBatchPayload,
    limits: { maxBatchRecords: number; maxBatchBytes: number; stopping(): boolean },
  ): Promise<void> {
    await this.ready.catch(() => undefined); // whoever made this partition has the error
    const reader = this.#reader;
    if (reader === null || this.#lost.signal.aborted || isStale()) return;
    this.#committing = commitOffsetsIfNecessary;
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
    if (!this.#lost.signal.aborted) await heartbeat();
  }

  /** kafkajs jumps silently when retention overtakes it; a transaction's markers leave gaps that are none. */
  async #checkGap(): Promise<void> {
    const { options, partition, compacted } = this.#o;
    const bounds = await this.#untilAnswered(() => this.#fetchOwnBounds());
    if (bounds !== null) checkStart({ topic: options.topic, partition, compacted }, this.#position, bounds);
  }

  /** An answer may leave a partition out while its leader changes. To take that as an answer would leave it paused for good. */
  async #fetchOwnBounds() {
    const { options, partition, admin } = this.#o;
    const bounds = await fetchBounds(admin, options.topic);
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
