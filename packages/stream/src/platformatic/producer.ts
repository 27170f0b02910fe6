import { type BaseOptions, type MessageToProduce, Producer } from "@platformatic/kafka";
import { z } from "zod";
import { closedError, hasCode, streamError } from "../errors.ts";
import type { PlacedRecord } from "../kafka/kafka-producer.ts";
import { recordBytes } from "../limits.ts";
import type { Position } from "../log.ts";
import { fromPlatformatic } from "./errors.ts";

const LINGER_MS = 1;
const MAX_SEND_BYTES = 900_000;
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
const ACKS_ALL = -1;

interface Call {
  positions: Position[];
  left: number;
  /** One of its records was refused. */
  refused: boolean;
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
 * One send in flight, everything that arrives meanwhile in the next. The producer is idempotent: a lost acknowledgement
 * that the library retries writes nothing twice.
 */
export class PlatformaticProducer {
  readonly #producer: Producer;
  #queue: Waiting[] = [];
  #waitingBytes = 0;
  #sending: Promise<void> | null = null;
  #closed = false;

  constructor(options: BaseOptions) {
    this.#producer = new Producer({ ...options, idempotent: true });
  }

  produce(topic: string, records: readonly PlacedRecord[]): Promise<Position[]> {
    if (this.#closed) return Promise.reject(closedError());
    if (this.#waitingBytes > MAX_WAITING_BYTES) {
      const message = `more than ${MAX_WAITING_BYTES} bytes wait to be sent: wait for earlier calls before you produce more`;
      return Promise.reject(streamError("TRIPLINE_STREAM_UNAVAILABLE", message));
    }
    if (records.length === 0) return Promise.resolve([]);
    const { promise, resolve, reject } = Promise.withResolvers<Position[]>();
    const call: Call = {
      positions: new Array(records.length),
      left: records.length,
      refused: false,
      resolve,
      reject: (error) => {
        call.refused = true;
        reject(error);
      },
    };
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
    await this.#producer.close();
  }

  async #send(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, LINGER_MS));
    while (this.#queue.length > 0) {
      const batch = this.#take();
      const failure = await this.#deliver(batch);
      if (failure === null) continue;
      const behind = this.#queue;
      this.#queue = [];
      this.#waitingBytes = 0;
      for (const { call } of behind) call.reject(failure);
    }
    this.#sending = null;
  }

  #take(): Waiting[] {
    const byPartition = new Map<string, number>();
    let count = 0;
    for (; count < this.#queue.length; count++) {
      const waiting = this.#queue[count];
      if (waiting === undefined) break;
      const id = idOf(waiting);
      const bytes = (byPartition.get(id) ?? 0) + waiting.bytes;
      if (count > 0 && bytes > MAX_SEND_BYTES) break;
      byPartition.set(id, bytes);
    }
    const batch = this.#queue.splice(0, count);
    for (const { bytes } of batch) this.#waitingBytes -= bytes;
    return batch;
  }

  /** Settles every record. Returns the error after which what waits behind must not be sent; null when there is none. */
  async #deliver(batch: readonly Waiting[]): Promise<unknown> {
    let cause: unknown;
    let written: ReadonlyMap<string, number>;
    try {
      const { offsets = [] } = await this.#producer.send({ acks: ACKS_ALL, messages: batch.map(toMessage) });
      written = new Map(offsets.map((each) => [`${each.topic}/${each.partition}`, Number(each.offset)]));
    } catch (error) {
      cause = error;
      written = writtenAllTheSame(error);
    }
    const error = cause === undefined ? null : fromPlatformatic(cause, `producing to ${batch[0]?.topic}`);
    const tooLarge = hasCode(error, "TRIPLINE_STREAM_RECORD_TOO_LARGE");
    for (const [id, placed] of Map.groupBy(batch, idOf)) {
      const base = written.get(id);
      if (base !== undefined) settle(placed, base);
      else if (tooLarge) await this.#inHalves(placed, error);
      else for (const { call } of placed) call.reject(error ?? noAnswer(id));
    }
    return tooLarge ? null : error;
  }

  /** One partition's records that are too large together, or one of them alone. Behind a failure nothing is sent. */
  async #inHalves(placed: readonly Waiting[], error: unknown): Promise<void> {
    if (placed.length === 1) {
      for (const { call } of placed) call.reject(error);
      return;
    }
    const half = Math.ceil(placed.length / 2);
    const rest = placed.slice(half);
    const first = placed.slice(0, half);
    const failure = await this.#deliver(first);
    if (failure !== null || first.some(({ call }) => call.refused)) {
      for (const { call } of rest) call.reject(failure ?? error);
      return;
    }
    const later = await this.#deliver(rest);
    if (later !== null) for (const { call } of rest) call.reject(later);
  }
}

function idOf({ topic, record }: Waiting): string {
  return `${topic}/${record.partition}`;
}

function settle(placed: readonly Waiting[], base: number): void {
  for (const [i, { call, index, record }] of placed.entries()) {
    call.positions[index] = { partition: record.partition, offset: base + i };
    if (--call.left === 0) call.resolve(call.positions);
  }
}

function noAnswer(id: string) {
  return streamError("TRIPLINE_STREAM_UNAVAILABLE", `no answer for ${id}: try again`);
}

const answered = z.object({
  response: z.object({
    responses: z.array(
      z.object({
        name: z.string(),
        partitionResponses: z.array(
          z.object({ index: z.number(), errorCode: z.number(), baseOffset: z.bigint() }),
        ),
      }),
    ),
  }),
});
const produced = z.object({
  produced: z.object({
    offsets: z.array(z.object({ topic: z.string(), partition: z.number(), offset: z.bigint() })).optional(),
  }),
});

/** The partitions that a failed send did write: one partition's error fails the whole call. */
function writtenAllTheSame(error: unknown): Map<string, number> {
  const written = new Map<string, number>();
  const sent = produced.safeParse(error);
  for (const { topic, partition, offset } of sent.data?.produced.offsets ?? []) {
    written.set(`${topic}/${partition}`, Number(offset));
  }
  const answer = answered.safeParse(error);
  for (const { name, partitionResponses } of answer.data?.response.responses ?? []) {
    for (const { index, errorCode, baseOffset } of partitionResponses) {
      if (errorCode === 0) written.set(`${name}/${index}`, Number(baseOffset));
    }
  }
  if (error instanceof AggregateError) {
    for (const inner of error.errors)
      for (const [id, base] of writtenAllTheSame(inner)) written.set(id, base);
  }
  return written;
}

function toMessage({ topic, record }: Waiting): MessageToProduce {
  const { key, value, headers, partition } = record;
  const message: MessageToProduce = { topic, partition };
  if (key !== null) message.key = Buffer.from(key);
  if (value !== null) message.value = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (headers !== undefined) {
    const encoded = new Map<Buffer, Buffer>();
    for (const name in headers) encoded.set(nameBytes(name), Buffer.from(headers[name] ?? ""));
    message.headers = encoded;
  }
  return message;
}

const MAX_NAMES = 1000; // names are few; a producer that makes up ever new ones must not fill the memory
const names = new Map<string, Buffer>();

function nameBytes(name: string): Buffer {
  const known = names.get(name);
  if (known !== undefined) return known;
  const bytes = Buffer.from(name);
  if (names.size < MAX_NAMES) names.set(name, bytes);
  return bytes;
}
