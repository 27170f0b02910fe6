import { streamError } from "../errors.ts";
import { checkRecord } from "../limits.ts";
import type { NewRecord, Position } from "../log.ts";
import { partitionOf } from "../partitioner.ts";
import type { ExistingTopic } from "../topic-specs.ts";
import type { PlacedRecord } from "./kafka-producer.ts";

/** Gives records their partitions and hands them to a producer, in the order of the calls, whichever client speaks to Kafka. */
export class RecordPlacement {
  readonly #topics: { get(topic: string): Promise<ExistingTopic> };
  readonly #producer: { produce(topic: string, records: readonly PlacedRecord[]): Promise<Position[]> };
  readonly #shapes = new Map<string, ExistingTopic>();
  /** Calls for a topic seen for the first time wait for its shape; later ones queue behind them. */
  #placing: Promise<unknown> | null = null;
  #nextPartition = 0;

  constructor(parts: {
    topics: { get(topic: string): Promise<ExistingTopic> };
    producer: { produce(topic: string, records: readonly PlacedRecord[]): Promise<Position[]> };
  }) {
    this.#topics = parts.topics;
    this.#producer = parts.producer;
  }

  /** @throws TriplineError for what no log takes, or a topic or partition that is not there; else what the producer raises */
  produce(topic: string, records: readonly NewRecord[]): Promise<Position[]> {
    const shape = this.#shapes.get(topic);
    if (shape !== undefined && this.#placing === null) return this.#place(topic, shape, records);
    const placed = (this.#placing ?? Promise.resolve()).then(async () => {
      const found = await this.#topics.get(topic);
      this.#shapes.set(topic, found);
      return { done: this.#place(topic, found, records) };
    });
    const settled = placed.catch(() => undefined); // the caller has the error; order is all that is passed on
    this.#placing = settled;
    void settled.then(() => {
      if (this.#placing === settled) this.#placing = null;
    });
    return placed.then(({ done }) => done);
  }

  /** Resolves when every call made so far is in the producer's hands. */
  async handedOver(): Promise<void> {
    await this.#placing;
  }

  #place(topic: string, shape: ExistingTopic, records: readonly NewRecord[]): Promise<Position[]> {
    try {
      const placed = records.map((record) => {
        checkRecord(topic, shape.cleanup === "compact", record);
        const partition = record.partition ?? this.#choose(record.key, shape.partitions);
        if (partition < 0 || partition >= shape.partitions) {
          throw streamError(
            "TRIPLINE_STREAM_RECORD_INVALID",
            `${topic} has no partition ${partition}: it has ${shape.partitions}`,
          );
        }
        return { ...record, partition };
      });
      return this.#producer.produce(topic, placed);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #choose(key: string | null, partitions: number): number {
    if (key !== null) return partitionOf(key, partitions);
    this.#nextPartition = (this.#nextPartition + 1) % partitions;
    return this.#nextPartition;
  }
}
