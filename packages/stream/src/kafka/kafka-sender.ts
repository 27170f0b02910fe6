import { setTimeout as delay } from "node:timers/promises";
import kafkajs, { type Broker, type Cluster, type Message } from "kafkajs";
import { z } from "zod";
import { streamError } from "../errors.ts";
import { isPassing, kafkaType } from "./errors.ts";
import { knowTopics, leaderOf, refreshAfter } from "./kafka-cluster.ts";
import { newIdentity, type ProducerIdentity } from "./producer-identity.ts";
import { TOO_LARGE } from "./protocol-errors.ts";

const ACKS_ALL = -1;
const ACK_TIMEOUT_MS = 8_000; // what a broker waits for its copies; below the time the client waits for an answer
const TRY_AGAIN_MS = 50; // doubled each time
const TRY_AGAIN_MAX_MS = 1_000;

/** Records for one partition that travel together. `start`: where they begin within what the caller handed in. */
export interface PartitionBatch {
  topic: string;
  partition: number;
  messages: Message[];
  start: number;
}

/** `base`: the offset of the first record. */
export type Sent = { batch: PartitionBatch; base: number } | { batch: PartitionBatch; error: unknown };

interface InHand {
  batch: PartitionBatch;
  id: string;
  base: number | null;
  /** A request that carried it went out, and nothing says that it was not written. */
  uncertain: boolean;
}

interface Failure {
  batches: InHand[];
  error: unknown;
  /** A broker's answer to this very request; else nobody got as far as asking. */
  answered: boolean;
}

/** 45, 46, 47, 59: the broker does not know the producer, or not up to these numbers. The batch is sent under new ones. */
const IDENTITY_LOST = new Set([
  "OUT_OF_ORDER_SEQUENCE_NUMBER",
  "DUPLICATE_SEQUENCE_NUMBER",
  "INVALID_PRODUCER_EPOCH",
  "UNKNOWN_PRODUCER_ID",
]);

/**
 * Sends batches as an idempotent producer: each partition's batch to its leader, the same batch under the same numbers
 * again until it is written or the time is up, so that a lost answer or a new leader writes it once. One `send` at a time.
 */
export class KafkaSender {
  readonly #cluster: Cluster;
  readonly #deliveryTimeoutMs: number;
  #identity: ProducerIdentity | null = null;

  constructor(cluster: Cluster, deliveryTimeoutMs: number) {
    this.#cluster = cluster;
    this.#deliveryTimeoutMs = deliveryTimeoutMs;
  }

  /** Settles every record: with its offset, or with the error after which nothing more is tried. */
  send(batches: readonly PartitionBatch[]): Promise<Sent[]> {
    return this.#deliver(batches.map((batch) => inHand(batch)));
  }

  async #deliver(batches: InHand[]): Promise<Sent[]> {
    const deadline = performance.now() + this.#deliveryTimeoutMs;
    const settled: Sent[] = [];
    let left = batches;
    for (let pause = TRY_AGAIN_MS; left.length > 0; pause = Math.min(pause * 2, TRY_AGAIN_MAX_MS)) {
      const failures = await this.#attempt(left);
      for (const { batch, base } of left) if (base !== null) settled.push({ batch, base });
      left = left.filter(({ base }) => base === null);
      for (const failure of failures.filter(({ error }) => !isPassing(error))) {
        left = left.filter((each) => !failure.batches.includes(each));
        settled.push(...(await this.#refused(failure)));
      }
      const last = failures.find(({ error }) => isPassing(error));
      if (left.length > 0 && performance.now() + pause > deadline) {
        settled.push(...this.#giveUp(left, last?.error));
        break;
      }
      if (left.length > 0) await delay(pause);
    }
    return settled;
  }

  /** One request to each leader, all at once; none is under way any more when it resolves. */
  async #attempt(left: readonly InHand[]): Promise<Failure[]> {
    const leaderless: InHand[] = [];
    const requests = new Map<string, InHand[]>();
    let identity: ProducerIdentity;
    try {
      await knowTopics(this.#cluster, [...new Set(left.map(({ batch }) => batch.topic))]);
      this.#identity ??= await newIdentity(this.#cluster);
      identity = this.#identity;
    } catch (error) {
      await this.#refresh(error);
      return [{ batches: [...left], error, answered: false }];
    }
    for (const each of left) {
      const leader = leaderOf(this.#cluster, each.batch.topic, each.batch.partition);
      const group = leader === null ? leaderless : (requests.get(leader) ?? []);
      group.push(each);
      if (leader !== null) requests.set(leader, group);
    }
    const failures: Failure[] = [];
    await Promise.all(
      [...requests].map(async ([nodeId, group]) => {
        let broker: Broker | null = null;
        try {
          broker = await this.#cluster.findBroker({ nodeId });
          await this.#produce(broker, identity, group);
        } catch (error) {
          const answered = broker !== null && kafkaType(error) !== null && !isSilence(error);
          // An answer names no partition: beside the one it speaks of, the others of the request may be written.
          const certain = broker === null || (answered && group.length === 1);
          if (!certain) for (const each of group) each.uncertain = true;
          if (IDENTITY_LOST.has(kafkaType(error) ?? "")) this.#identity = null;
          failures.push({ batches: group, error, answered });
        }
      }),
    );
    if (leaderless.length > 0) {
      const error = streamError("TRIPLINE_STREAM_UNAVAILABLE", "a partition has no leader now: try again");
      failures.push({ batches: leaderless, error, answered: false });
    }
    const stale = failures.find(({ error }) => isPassing(error));
    if (stale !== undefined) await this.#refresh(stale.error);
    return failures;
  }

  async #produce(broker: Broker, identity: ProducerIdentity, group: readonly InHand[]): Promise<void> {
    const topics = Map.groupBy(group, ({ batch }) => batch.topic);
    const answer = produced.parse(
      await broker.produce({
        acks: ACKS_ALL,
        timeout: ACK_TIMEOUT_MS,
        compression: kafkajs.CompressionTypes.None,
        producerId: identity.producerId,
        producerEpoch: identity.producerEpoch,
        topicData: [...topics].map(([topic, ofTopic]) => ({
          topic,
          partitions: ofTopic.map(({ id, batch: { partition, messages } }) => ({
            partition,
            messages,
            firstSequence: identity.nextSequence(id),
          })),
        })),
      }),
    );
    const bases = new Map<string, number>(
      answer.topics.flatMap(({ topicName, partitions }) =>
        partitions.map(({ partition, baseOffset }) => [`${topicName}/${partition}`, baseOffset] as const),
      ),
    );
    for (const each of group) {
      const base = bases.get(each.id);
      if (base === undefined) {
        throw streamError(
          "TRIPLINE_STREAM_UNAVAILABLE",
          `the broker's answer leaves ${each.id} out: try again`,
        );
      }
      each.base = base;
      identity.wrote(each.id, each.batch.messages.length);
    }
  }

  /**
   * A broker that refuses says why for the whole request, not for which partition: so each is sent alone, and those it
   * had taken are recognised by their numbers. What is too large together may be taken in halves.
   */
  async #refused({ batches, error, answered }: Failure): Promise<Sent[]> {
    const settled: Sent[] = [];
    if (answered && batches.length > 1) {
      for (const each of batches) settled.push(...(await this.#deliver([each])));
      return settled;
    }
    const [only] = batches;
    if (only === undefined || batches.length > 1) return this.#giveUp(batches, error);
    const { batch } = only;
    if (!TOO_LARGE.has(kafkaType(error) ?? "") || batch.messages.length === 1)
      return this.#giveUp([only], error);
    if (only.uncertain) this.#identity = null;
    const half = Math.ceil(batch.messages.length / 2);
    const first = inHand({ ...batch, messages: batch.messages.slice(0, half) });
    const rest = inHand({ ...batch, messages: batch.messages.slice(half), start: batch.start + half });
    settled.push(...(await this.#deliver([first])));
    const failed = settled.find((sent) => "error" in sent);
    // In order or not at all: behind a failure nothing of the partition is sent.
    settled.push(
      ...(failed === undefined ? await this.#deliver([rest]) : [{ batch: rest.batch, error: failed.error }]),
    );
    return settled;
  }

  #giveUp(batches: readonly InHand[], error: unknown): Sent[] {
    if (batches.some(({ uncertain }) => uncertain)) this.#identity = null;
    return batches.map(({ batch }) => ({ batch, error }));
  }

  async #refresh(error: unknown): Promise<void> {
    await refreshAfter(this.#cluster, error).catch(() => undefined); // the next attempt meets the same and reports it
  }
}

function inHand(batch: PartitionBatch): InHand {
  return { batch, id: `${batch.topic}/${batch.partition}`, base: null, uncertain: false };
}

/** Nothing came back, or only that time was up: the records may be written. */
function isSilence(error: unknown): boolean {
  return /^(KafkaJSConnection|KafkaJSRequestTimeout|REQUEST_TIMED_OUT|NOT_ENOUGH_REPLICAS_AFTER_APPEND)/.test(
    kafkaType(error) ?? "",
  );
}

const produced = z.object({
  topics: z.array(
    z.object({
      topicName: z.string(),
      partitions: z.array(z.object({ partition: z.number(), baseOffset: z.coerce.number().int() })),
    }),
  ),
});
