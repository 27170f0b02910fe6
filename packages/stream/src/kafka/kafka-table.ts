import { randomUUID } from "node:crypto";
import type { Kafka, Consumer as KafkaJsConsumer } from "kafkajs";
import type { TableEntry, TableReader } from "../log.ts";
import { disconnect } from "./disconnect.ts";
import { fromKafka } from "./errors.ts";
import { MAX_WAIT_MS } from "./kafka-consumer.ts";
import { toRecord } from "./kafka-record.ts";

const IDLE_FETCHES = 3; // a fetch that waited in full and found nothing, three times on each broker: there is nothing more

/**
 * Reads every partition of a compacted topic from its start, as the only member of a group that never commits.
 * It has loaded when it has read up to where the topic ended at its start. Where compaction removed the topic's last
 * records, that offset never comes: then several idle fetches say so.
 */
export class KafkaTable implements TableReader {
  readonly loaded: Promise<void>;
  readonly ended: Promise<void>;
  readonly #consumer: KafkaJsConsumer;
  readonly #topic: string;
  readonly #missing: Map<number, number>;
  readonly #idle = new Map<number, number>();
  readonly #load = Promise.withResolvers<void>();
  readonly #end = Promise.withResolvers<void>();
  #closing: Promise<void> | null = null;

  constructor(
    kafka: Kafka,
    topic: string,
    bounds: readonly { partition: number; earliest: number; next: number }[],
  ) {
    this.#topic = topic;
    this.loaded = this.#load.promise;
    this.ended = this.#end.promise;
    for (const promise of [this.loaded, this.ended]) promise.catch(() => undefined); // whoever cares awaits them
    this.#missing = new Map(
      bounds.filter(({ earliest, next }) => next > earliest).map(({ partition, next }) => [partition, next]),
    );
    this.#consumer = kafka.consumer({
      groupId: `tripline-table-${randomUUID()}`,
      allowAutoTopicCreation: false,
      maxWaitTimeInMs: MAX_WAIT_MS,
    });
  }

  async start(partitions: number, onEntry: (entry: TableEntry) => void): Promise<void> {
    const { events } = this.#consumer;
    this.#consumer.on(events.FETCH, ({ payload }) => this.#fetched(Number(payload.nodeId), payload.duration));
    this.#consumer.on(events.GROUP_JOIN, () => this.#idle.clear());
    this.#consumer.on(events.CRASH, ({ payload }) => {
      if (!payload.restart) void this.#close({ error: fromKafka(payload.error, `reading ${this.#topic}`) });
    });
    try {
      await this.#consumer.connect();
      await this.#consumer.subscribe({ topics: [this.#topic], fromBeginning: true });
      await this.#consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: true,
        partitionsConsumedConcurrently: partitions,
        eachBatch: async ({ batch }) => {
          if (this.#closing !== null) return;
          this.#idle.clear();
          try {
            for (const message of batch.messages) {
              const { key, value, offset, appendTime } = toRecord(batch.topic, batch.partition, message);
              if (key !== null) onEntry({ key, value, partition: batch.partition, offset, appendTime });
            }
          } catch (error) {
            void this.#close({ error });
            return;
          }
          if (Number(batch.lastOffset()) + 1 >= (this.#missing.get(batch.partition) ?? 0)) {
            this.#missing.delete(batch.partition);
          }
          this.#checkLoaded();
        },
      });
      this.#checkLoaded();
    } catch (error) {
      await disconnect(this.#consumer);
      throw fromKafka(error, `reading ${this.#topic}`);
    }
  }

  close(): Promise<void> {
    return this.#close(null);
  }

  #fetched(node: number, duration: number): void {
    if (this.#missing.size === 0) return;
    const waited = duration >= MAX_WAIT_MS * 0.9 && duration < MAX_WAIT_MS * 5;
    this.#idle.set(node, waited ? (this.#idle.get(node) ?? 0) + 1 : 0);
    if ([...this.#idle.values()].every((count) => count > IDLE_FETCHES)) this.#missing.clear();
    this.#checkLoaded();
  }

  #checkLoaded(): void {
    if (this.#missing.size === 0) this.#load.resolve();
  }

  #close(failure: { error: unknown } | null): Promise<void> {
    this.#closing ??= (async () => {
      await disconnect(this.#consumer);
      if (failure === null) {
        this.#load.resolve();
        this.#end.resolve();
      } else {
        this.#load.reject(failure.error);
        this.#end.reject(failure.error);
      }
    })();
    return this.#closing;
  }
}
