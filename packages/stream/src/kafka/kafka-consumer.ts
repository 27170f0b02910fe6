import { setTimeout as delay } from "node:timers/promises";
import { isRetriable } from "@tripline/events";
import type { EachBatchPayload, Kafka, Consumer as KafkaJsConsumer } from "kafkajs";
import { assignmentLost, hasCode } from "../errors.ts";
import { fetchBytes } from "../fetch-bytes.ts";
import { DEFAULT_MAX_BATCH_BYTES, DEFAULT_MAX_BATCH_RECORDS } from "../limits.ts";
import type { CommittedOffset, ConsumeOptions, Consumer } from "../log.ts";
import { disconnect } from "./disconnect.ts";
import { fromKafka } from "./errors.ts";
import { GroupMember } from "./group-member.ts";
import type { PartitionBounds } from "./kafka-offsets.ts";
import { OwnedPartition } from "./owned-partition.ts";

const MAX_WAIT_MS = 100; // kafkajs's default of 5 s holds a group's changes up; data is answered at once anyway
const SESSION_TIMEOUT_MS = 10_000; // after this a dead member's partitions go to others
const HEARTBEATS = 10; // in one session timeout: a member learns of one that joins or leaves by the answer to its next
const MAX_BYTES_PER_FETCH = 16 * 1024 * 1024; // of all partitions together, from one broker
const PATIENCE_MS = 3_000; // a rebalance takes a second, and an answer a tenth; what takes longer is told
const BEGIN_AGAIN_MS = 500; // a broker that is coming up is asked twice a second

/** What a member of a group needs to know about its topic. */
export interface ConsumedTopic {
  partitions: number;
  compacted: boolean;
  committed(): Promise<Map<number, CommittedOffset>>;
  bounds(): Promise<PartitionBounds[]>;
}

/** One member of a Kafka consumer group. Each joining of the group makes fresh assignments; the old ones are lost. */
export class KafkaConsumer implements Consumer {
  readonly ended: Promise<void>;
  readonly #consumer: KafkaJsConsumer;
  readonly #member: GroupMember;
  readonly #heartbeatMs: number;
  readonly #options: ConsumeOptions;
  readonly #topic: ConsumedTopic;
  readonly #end: { resolve(): void; reject(error: unknown): void };
  #owned = new Map<number, OwnedPartition>();
  #stopping = false;
  #closing: Promise<void> | null = null;

  constructor(
    kafka: Kafka,
    topic: ConsumedTopic,
    options: ConsumeOptions,
    sessionTimeoutMs: number = SESSION_TIMEOUT_MS,
  ) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.ended = promise;
    this.ended.catch(() => undefined); // whoever cares awaits `ended`; it must not end the process by itself
    this.#end = { resolve, reject };
    this.#topic = topic;
    this.#options = options;
    this.#heartbeatMs = Math.floor(sessionTimeoutMs / HEARTBEATS);
    this.#member = new GroupMember(options.group, {
      joining: () => this.#dropAll(),
      outOfRange: () => void this.#checkPositions(),
      fetched: (partitions) => {
        const now = performance.now();
        for (const partition of partitions) this.#answeredAt.set(partition, now);
      },
    });
    this.#consumer = kafka.consumer({
      groupId: options.group,
      allowAutoTopicCreation: false,
      maxWaitTimeInMs: MAX_WAIT_MS,
      sessionTimeout: sessionTimeoutMs,
      heartbeatInterval: this.#heartbeatMs,
      partitionAssigners: [this.#member.assigner],
      maxBytesPerPartition: fetchBytes(options),
      maxBytes: MAX_BYTES_PER_FETCH,
    });
  }

  async start(): Promise<void> {
    const { events } = this.#consumer;
    this.#consumer.on(events.REBALANCING, () => this.#loseAll());
    this.#consumer.on(events.GROUP_JOIN, ({ payload }) => {
      this.#loseAll();
      for (const partition of payload.memberAssignment[this.#options.topic] ?? []) this.#own(partition);
      this.#member.holds();
    });
    this.#consumer.on(events.CRASH, ({ payload }) => {
      this.#loseAll();
      if (payload.restart) return;
      const error = fromKafka(payload.error, `consuming ${this.#options.topic}`);
      // kafkajs gives up on some errors that pass: no coordinator, no connection, a group that changed while it joined.
      if (passes(error)) void this.#beginAgain();
      else this.#fail(error);
    });
    try {
      await this.#begin();
    } catch (error) {
      await disconnect(this.#consumer);
      throw fromKafka(error, `consuming ${this.#options.topic}`);
    }
  }

  async #begin(): Promise<void> {
    await this.#consumer.connect();
    await this.#consumer.subscribe({ topics: [this.#options.topic], fromBeginning: true });
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: this.#topic.partitions,
      eachBatch: (payload) => this.#eachBatch(payload),
    });
  }

  /** After kafkajs gave up and disconnected. It may give up again, and is then begun again. */
  async #beginAgain(): Promise<void> {
    while (!this.#stopping) {
      await delay(BEGIN_AGAIN_MS);
      if (this.#stopping) return;
      try {
        await this.#begin();
        if (this.#stopping) await disconnect(this.#consumer); // closed while it began
        return;
      } catch (cause) {
        const error = fromKafka(cause, `consuming ${this.#options.topic}`);
        if (!passes(error)) return this.#fail(error);
      }
    }
  }

  close(): Promise<void> {
    return this.#close(null);
  }

  trouble(): string | null {
    if (this.#stopping) return null;
    const { topic, group } = this.#options;
    const now = performance.now();
    const { outSince } = this.#member;
    if (outSince !== null) {
      return now - outSince > PATIENCE_MS
        ? `not in group ${group} for ${seconds(now - outSince)}: nothing of ${topic} is read here`
        : null;
    }
    const owned = [...this.#owned.values()];
    for (const { trouble } of owned) if (trouble !== null) return trouble;
    // What is being handled holds up the next fetch: then it is no silence of the broker's.
    const until = Math.min(now, ...owned.map(({ handlingSince }) => handlingSince ?? now));
    for (const [partition, { readingSince }] of this.#owned) {
      if (readingSince === null) continue;
      const silent = until - Math.max(readingSince, this.#answeredAt.get(partition) ?? 0);
      if (silent > PATIENCE_MS)
        return `no broker has answered for partition ${partition} of ${topic} for ${seconds(silent)}`;
    }
    return null;
  }

  #own(partition: number): void {
    if (this.#stopping) return;
    const { topic, group } = this.#options;
    const { membership } = this.#member;
    // Until its start has been checked.
    this.#consumer.pause([{ topic, partitions: [partition] }]);
    const owned = new OwnedPartition({
      options: this.#options,
      partition,
      compacted: this.#topic.compacted,
      committed: this.#topic.committed,
      bounds: this.#topic.bounds,
      before: this.#before.get(partition) ?? Promise.resolve(),
      startAt: (offset) => {
        this.#consumer.seek({ topic, partition, offset: String(offset) });
        this.#consumer.resume([{ topic, partitions: [partition] }]);
      },
      commit: async (offset, metadata) => {
        if (membership === null) throw assignmentLost(topic, partition); // the group was joined anew meanwhile
        await this.#member.commit(membership, topic, { partition, offset: String(offset), metadata });
      },
    });
    this.#owned.set(partition, owned);
    owned.ready.catch((error: unknown) => this.#fail(fromKafka(error, `joining group ${group}`)));
  }

  /** For each partition, when the work of its earlier assignment has ended. */
  readonly #before = new Map<number, Promise<void>>();

  /** When the leader of a partition last answered a fetch, as `performance.now()` has it. */
  readonly #answeredAt = new Map<number, number>();

  #loseAll(): void {
    if (!this.#stopping) this.#member.givesUp();
    for (const [partition, owned] of this.#owned) this.#before.set(partition, owned.lose());
    this.#owned = new Map();
  }

  #dropAll(): void {
    for (const owned of this.#owned.values()) owned.drop();
  }

  async #checkPositions(): Promise<void> {
    try {
      await Promise.all([...this.#owned.values()].map((owned) => owned.checkPosition()));
    } catch (error) {
      this.#fail(fromKafka(error, `consuming ${this.#options.topic}`));
    }
  }

  async #eachBatch(payload: EachBatchPayload): Promise<void> {
    const owned = this.#owned.get(payload.batch.partition);
    if (owned === undefined || this.#stopping) return;
    const { maxBatchRecords = DEFAULT_MAX_BATCH_RECORDS, maxBatchBytes = DEFAULT_MAX_BATCH_BYTES } =
      this.#options;
    const rebalances: unknown[] = [];
    const beat = setInterval(() => {
      payload.heartbeat().catch((error: unknown) => {
        rebalances.push(error);
        this.#loseAll();
      });
    }, this.#heartbeatMs);
    try {
      await owned.handle(payload, { maxBatchRecords, maxBatchBytes, stopping: () => this.#stopping });
    } catch (error) {
      // A reader that learns from a commit that the partition is lost says so; kafkajs notices by its next heartbeat.
      const known = fromKafka(error, `consuming ${this.#options.topic}`);
      if (!hasCode(known, "TRIPLINE_STREAM_ASSIGNMENT_LOST")) this.#fail(known);
    } finally {
      clearInterval(beat);
    }
    if (rebalances.length > 0) throw rebalances[0]; // kafkajs joins again
  }

  #fail(error: unknown): void {
    void this.#close({ error });
  }

  #close(failure: { error: unknown } | null): Promise<void> {
    this.#closing ??= (async () => {
      this.#stopping = true;
      let outcome = failure;
      try {
        await Promise.all([...this.#owned.values()].map((owned) => owned.finish(failure === null)));
      } catch (error) {
        outcome ??= { error };
      }
      this.#loseAll();
      await Promise.all(this.#before.values());
      await disconnect(this.#consumer);
      if (outcome === null) this.#end.resolve();
      else this.#end.reject(outcome.error);
    })();
    return this.#closing;
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}

/** Whether joining the group again can help. */
function passes(error: unknown): boolean {
  return isRetriable(error) || hasCode(error, "TRIPLINE_STREAM_ASSIGNMENT_LOST");
}
