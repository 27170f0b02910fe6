import { isRetriable } from "@tripline/events";
import type { Kafka } from "kafkajs";
import type { TableEntry, TableReader } from "../log.ts";
import { fromKafka } from "./errors.ts";
import { type KafkaCluster, knowTopics, leaderOf, openCluster } from "./kafka-cluster.ts";
import { fetchPartitions } from "./kafka-fetch.ts";
import type { PartitionBounds } from "./kafka-offsets.ts";

const MAX_WAIT_MS = 100; // how long a close may take at most; news is answered at once anyway

/**
 * Reads every partition of a compacted topic from its start, over a connection of its own and without a group.
 * It has loaded when it has read up to where the topic ended at its start. Where compaction removed the topic's last
 * records, that offset never comes: then an answer that is empty, though the partition goes on, says so.
 */
export class KafkaTable implements TableReader {
  readonly loaded: Promise<void>;
  readonly ended: Promise<void>;
  readonly #own: KafkaCluster;
  readonly #topic: string;
  readonly #positions: Map<number, number>;
  readonly #missing: Map<number, number>;
  readonly #load = Promise.withResolvers<void>();
  readonly #end = Promise.withResolvers<void>();
  readonly #stop = new AbortController();
  #following: Promise<void> = Promise.resolve();
  #closing: Promise<void> | null = null;

  constructor(kafka: Kafka, topic: string, bounds: readonly PartitionBounds[]) {
    this.#topic = topic;
    this.loaded = this.#load.promise;
    this.ended = this.#end.promise;
    for (const promise of [this.loaded, this.ended]) promise.catch(() => undefined); // whoever cares awaits them
    this.#positions = new Map(bounds.map(({ partition, earliest }) => [partition, earliest]));
    this.#missing = new Map(
      bounds.filter(({ earliest, next }) => next > earliest).map(({ partition, next }) => [partition, next]),
    );
    this.#own = openCluster(kafka);
  }

  async start(onEntry: (entry: TableEntry) => void): Promise<void> {
    try {
      await this.#own.connect();
      await knowTopics(this.#own.cluster, [this.#topic]);
    } catch (error) {
      await this.#own.disconnect();
      throw fromKafka(error, `reading ${this.#topic}`);
    }
    this.#checkLoaded();
    this.#following = this.#follow(onEntry).catch((error: unknown) => {
      void this.#close({ error: fromKafka(error, `reading ${this.#topic}`) });
    });
  }

  close(): Promise<void> {
    return this.#close(null);
  }

  /** One loop for each leader, so that news from one broker does not wait for another's answer. */
  async #follow(onEntry: (entry: TableEntry) => void): Promise<void> {
    const { cluster } = this.#own;
    const partitions = [...this.#positions.keys()];
    while (!this.#stop.signal.aborted) {
      const round = new AbortController();
      const groups = Map.groupBy(partitions, (partition) => leaderOf(cluster, this.#topic, partition));
      await Promise.all([...groups.values()].map((group) => this.#followGroup(group, onEntry, round)));
    }
  }

  /** Until the reader closes, or the partitions have no longer one leader. */
  async #followGroup(
    group: readonly number[],
    onEntry: (entry: TableEntry) => void,
    round: AbortController,
  ): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted && !round.signal.aborted) {
      try {
        await this.#fetch(group, onEntry, signal);
      } catch (error) {
        if (signal.aborted) return;
        const known = fromKafka(error, `reading ${this.#topic}`);
        if (!isRetriable(known)) void this.#close({ error: known });
      }
      if (signal.aborted) return; // and with it what is known of leaders
      const leaders = new Set(group.map((partition) => leaderOf(this.#own.cluster, this.#topic, partition)));
      if (leaders.size > 1) round.abort();
    }
  }

  async #fetch(
    group: readonly number[],
    onEntry: (entry: TableEntry) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const positions = new Map(group.map((partition) => [partition, this.#positions.get(partition) ?? 0]));
    const request = { topic: this.#topic, positions, maxWaitMs: MAX_WAIT_MS, signal };
    for (const { partition, records, highWatermark } of await fetchPartitions(this.#own.cluster, request)) {
      if (signal.aborted) return;
      for (const { key, value, offset, appendTime } of records) {
        if (key !== null) onEntry({ key, value, partition, offset, appendTime });
        this.#positions.set(partition, offset + 1);
      }
      const position = this.#positions.get(partition) ?? 0;
      const end = this.#missing.get(partition) ?? 0;
      if (position >= end || (records.length === 0 && highWatermark >= end)) this.#missing.delete(partition);
    }
    this.#checkLoaded();
  }

  #checkLoaded(): void {
    if (this.#missing.size === 0) this.#load.resolve();
  }

  #close(failure: { error: unknown } | null): Promise<void> {
    this.#closing ??= (async () => {
      this.#stop.abort();
      if (failure === null) await this.#following; // a failure comes from in there
      await this.#own.disconnect();
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
