import type { Kafka } from "kafkajs";
import { closedError, hasCode, streamError } from "../errors.ts";
import { recordBytes } from "../limits.ts";
import type { NewRecord, Position } from "../log.ts";
import { fromKafka } from "./errors.ts";
import { type KafkaCluster, openCluster } from "./kafka-cluster.ts";
import { KafkaSender, type PartitionBatch, type Sent } from "./kafka-sender.ts";

const LINGER_MS = 1; // calls made within it travel together; encoding one record alone costs three times as much
const MAX_SEND_BYTES = 900_000; // one request holds one batch a partition, and a broker takes 1 MB for each by default
const MAX_REQUEST_BYTES = 8 * 1024 * 1024; // in all: on a slow line one request must end before its time is up
const MAX_WAITING_BYTES = 64 * 1024 * 1024; // as the embedded log
export const DELIVERY_TIMEOUT_MS = 15_000; // longer than a cluster takes to replace a dead leader (9 s by default)

/** A record with the partition it goes to. */
export type PlacedRecord = NewRecord & { partition: number };

/** One produce call. It is done when all of its records have their positions. */
interface Call {
  positions: Position[];
  left: number;
  resolve(positions: Position[]): void;
  reject(error: unknown): void;
}

interface Waiting {
  topic: string;
  record: PlacedRecord;
  bytes: number;
  call: Call;
  index: number;
}

/**
 * One send in flight, everything that arrives meanwhile in the next: order is kept through retries. What fails takes
 * along what waits behind it: all of it when the brokers can't take records now, else what goes to the same topic.
 */
export class KafkaProducer {
  readonly #kafkaCluster: KafkaCluster;
  readonly #sender: KafkaSender;
  #queue: Waiting[] = [];
  #waitingBytes = 0;
  #sending: Promise<void> | null = null;
  #closed = false;

  constructor(kafka: Kafka, deliveryTimeoutMs: number) {
    this.#kafkaCluster = openCluster(kafka);
    this.#sender = new KafkaSender(this.#kafkaCluster.cluster, deliveryTimeoutMs);
  }

  async connect(): Promise<void> {
    await this.#kafkaCluster.connect();
  }

  produce(topic: string, records: readonly PlacedRecord[]): Promise<Position[]> {
    if (this.#closed) return Promise.reject(closedError());
    if (this.#waitingBytes > MAX_WAITING_BYTES) {
      const message = `more than ${MAX_WAITING_BYTES} bytes wait to be sent: wait for earlier calls before you produce more`;
      return Promise.reject(streamError("TRIPLINE_STREAM_UNAVAILABLE", message));
    }
    if (records.length === 0) return Promise.resolve([]);
    const { promise, resolve, reject } = Promise.withResolvers<Position[]>();
    const call: Call = { positions: new Array(records.length), left: records.length, resolve, reject };
    for (const [index, record] of records.entries()) {
      const bytes = recordBytes(record);
      this.#waitingBytes += bytes;
      this.#queue.push({ topic, record, bytes, call, index });
    }
    this.#sending ??= this.#send();
    return promise;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#sending;
    await this.#kafkaCluster.disconnect();
  }

  async #send(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, LINGER_MS));
    while (this.#queue.length > 0) {
      const batch = this.#take();
      try {
        await this.#sendBatch(batch);
      } catch (cause) {
        const error = fromKafka(cause, `producing to ${batch[0]?.topic}`);
        for (const { call } of batch) call.reject(error);
        this.#failBehind(error, null);
      }
    }
    this.#sending = null;
  }

  #take(): Waiting[] {
    const byPartition = new Map<string, number>();
    let count = 0;
    for (let total = 0; count < this.#queue.length; count++) {
      const waiting = this.#queue[count];
      if (waiting === undefined) break;
      const id = `${waiting.topic}/${waiting.record.partition}`;
      const bytes = (byPartition.get(id) ?? 0) + waiting.bytes;
      total += waiting.bytes;
      if (count > 0 && (bytes > MAX_SEND_BYTES || total > MAX_REQUEST_BYTES)) break;
      byPartition.set(id, bytes);
    }
    const batch = this.#queue.splice(0, count);
    for (const { bytes } of batch) this.#waitingBytes -= bytes;
    return batch;
  }

  async #sendBatch(batch: readonly Waiting[]): Promise<void> {
    const partitions = new Map<string, { batch: PartitionBatch; waiting: Waiting[] }>();
    for (const waiting of batch) {
      const { topic, record } = waiting;
      const { partition, key, value, headers = {} } = record;
      const id = `${topic}/${partition}`;
      let group = partitions.get(id);
      if (group === undefined) {
        group = { batch: { topic, partition, messages: [], start: 0 }, waiting: [] };
        partitions.set(id, group);
      }
      group.waiting.push(waiting);
      const bytes = value === null ? null : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
      group.batch.messages.push({ key, value: bytes, headers });
    }
    const sent = await this.#sender.send([...partitions.values()].map((group) => group.batch));
    for (const each of sent) {
      const { topic, partition, start, messages } = each.batch;
      const waiting = partitions.get(`${topic}/${partition}`)?.waiting.slice(start, start + messages.length);
      this.#settle(each, waiting ?? []);
    }
  }

  #settle(sent: Sent, waiting: readonly Waiting[]): void {
    if ("error" in sent) {
      const { topic } = sent.batch;
      const error = fromKafka(sent.error, `producing to ${topic}`);
      for (const { call } of waiting) call.reject(error);
      this.#failBehind(error, hasCode(error, "TRIPLINE_STREAM_UNAVAILABLE") ? null : topic);
      return;
    }
    for (const [i, { call, index, record }] of waiting.entries()) {
      call.positions[index] = { partition: record.partition, offset: sent.base + i };
      if (--call.left === 0) call.resolve(call.positions);
    }
  }

  /** Everything that waits, or what waits for one topic. */
  #failBehind(error: unknown, topic: string | null): void {
    const failed = new Set(this.#queue.filter((waiting) => topic === null || waiting.topic === topic));
    this.#queue = this.#queue.filter((waiting) => !failed.has(waiting));
    for (const { bytes, call } of failed) {
      this.#waitingBytes -= bytes;
      call.reject(error);
    }
  }
}
