import kafkajs, { type Kafka, type Message, type Producer } from "kafkajs";
import { closedError, streamError } from "../errors.ts";
import { recordBytes } from "../limits.ts";
import type { NewRecord, Position } from "../log.ts";
import { fromKafka } from "./errors.ts";

const LINGER_MS = 1; // calls made within it travel together; encoding one record alone costs three times as much
const MAX_SEND_BYTES = 900_000; // one request holds one batch a partition, and a broker takes 1 MB for each by default
const MAX_WAITING_BYTES = 64 * 1024 * 1024; // as the embedded log
const ACKS_ALL = -1;

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
 * One send in flight, everything that arrives meanwhile in the next: order is kept through retries. Not kafkajs's
 * idempotent producer, which is reported to lose records after retries; a lost acknowledgement writes a record twice,
 * and readers know duplicates by their seq.
 */
export class KafkaProducer {
  readonly #producer: Producer;
  #queue: Waiting[] = [];
  #waitingBytes = 0;
  #sending: Promise<void> | null = null;
  #closed = false;

  constructor(kafka: Kafka) {
    this.#producer = kafka.producer({
      allowAutoTopicCreation: false,
      createPartitioner:
        () =>
        ({ message }) =>
          message.partition ?? 0,
    });
  }

  async connect(): Promise<void> {
    await this.#producer.connect();
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
    await this.#producer.disconnect();
  }

  async #send(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, LINGER_MS));
    while (this.#queue.length > 0) {
      const batch = this.#take();
      try {
        await this.#sendBatch(batch);
      } catch (cause) {
        const error = fromKafka(cause, `producing to ${batch[0]?.topic}`);
        const behind = this.#queue;
        this.#queue = [];
        this.#waitingBytes = 0;
        for (const { call } of [...batch, ...behind]) call.reject(error);
      }
    }
    this.#sending = null;
  }

  #take(): Waiting[] {
    const byPartition = new Map<string, number>();
    let count = 0;
    for (; count < this.#queue.length; count++) {
      const waiting = this.#queue[count];
      if (waiting === undefined) break;
      const id = `${waiting.topic}/${waiting.record.partition}`;
      const bytes = (byPartition.get(id) ?? 0) + waiting.bytes;
      if (count > 0 && bytes > MAX_SEND_BYTES) break;
      byPartition.set(id, bytes);
    }
    const batch = this.#queue.splice(0, count);
    for (const { bytes } of batch) this.#waitingBytes -= bytes;
    return batch;
  }

  async #sendBatch(batch: readonly Waiting[]): Promise<void> {
    const topics = new Map<string, Message[]>();
    const partitions = new Map<string, Waiting[]>();
    for (const waiting of batch) {
      const { topic, record } = waiting;
      const message = {
        key: record.key,
        value:
          record.value === null
            ? null
            : Buffer.from(record.value.buffer, record.value.byteOffset, record.value.byteLength),
        partition: record.partition,
        headers: record.headers ?? {},
      };
      append(topics, topic, message);
      append(partitions, `${topic}/${record.partition}`, waiting);
    }
    const sent = await this.#producer.sendBatch({
      acks: ACKS_ALL,
      compression: kafkajs.CompressionTypes.None,
      topicMessages: [...topics].map(([topic, messages]) => ({ topic, messages })),
    });
    const bases = new Map(
      sent.map((part) => [`${part.topicName}/${part.partition}`, Number(part.baseOffset)]),
    );
    for (const [id, placed] of partitions) {
      const base = bases.get(id);
      for (const [i, { call, index, record }] of placed.entries()) {
        if (base === undefined) {
          call.reject(streamError("TRIPLINE_STREAM_UNAVAILABLE", `no answer for ${id}: try again`));
          continue;
        }
        call.positions[index] = { partition: record.partition, offset: base + i };
        if (--call.left === 0) call.resolve(call.positions);
      }
    }
  }
}

function append<T>(map: Map<string, T[]>, id: string, item: T): void {
  const list = map.get(id);
  if (list === undefined) map.set(id, [item]);
  else list.push(item);
}
