import { setTimeout as delay } from "node:timers/promises";
import { Admin, type BaseOptions } from "@platformatic/kafka";
import { isRetriable } from "@tripline/events";
import { closedError, notFollowed, streamError } from "../errors.ts";
import type { KafkaOptions } from "../kafka/connection.ts";
import { atTheEnd } from "../kafka/kafka-offsets.ts";
import { RecordPlacement } from "../kafka/record-placement.ts";
import { checkScan } from "../limits.ts";
import type {
  CommittedOffset,
  ConsumeOptions,
  Consumer,
  Log,
  LogRecord,
  NewRecord,
  Position,
  ScanRange,
  TableEntry,
  TableReader,
  TopicSpec,
} from "../log.ts";
import { clientOptions } from "./client-options.ts";
import { PlatformaticConsumer } from "./consumer.ts";
import { fromPlatformatic } from "./errors.ts";
import { fetchBounds, fetchCommitted } from "./offsets.ts";
import { PlatformaticProducer } from "./producer.ts";
import { scanPlatformatic } from "./scan.ts";
import { PlatformaticTable } from "./table.ts";
import { PlatformaticTopics } from "./topics.ts";

const BROKER_DEFAULT_REPLICATION = -1;
const OPENING_TRIES = 5;
const OPENING_RETRY_MS = 200; // each time more: 2 s in all, for a broker that is just coming up

/** @throws TriplineError TRIPLINE_STREAM_UNAVAILABLE when no broker answers, TRIPLINE_STREAM_REFUSED without access */
export async function openPlatformaticLog(options: KafkaOptions): Promise<Log> {
  const client = clientOptions(options);
  const admin = new Admin(client);
  const producer = new PlatformaticProducer(client);
  try {
    const id = await clusterId(client);
    const topics = new PlatformaticTopics(admin, {
      replicationFactor: options.replicationFactor ?? BROKER_DEFAULT_REPLICATION,
      create: options.createTopics ?? true,
    });
    const { sessionTimeoutMs } = options;
    return new PlatformaticLog({
      client,
      admin,
      producer,
      topics,
      generation: `kafka-${id}-1`,
      sessionTimeoutMs,
    });
  } catch (error) {
    await Promise.allSettled([admin.close(), producer.close()]);
    throw fromPlatformatic(error, `connecting to ${options.brokers.join(", ")}`);
  }
}

/** The library retries refused credentials as if they were a broken network; a client without retries tells them at once. */
async function clusterId(client: BaseOptions): Promise<string> {
  for (let tries = 1; ; tries++) {
    const admin = new Admin({ ...client, retries: 0 });
    try {
      return (await admin.metadata({ topics: [] })).id;
    } catch (error) {
      if (tries === OPENING_TRIES || !isRetriable(fromPlatformatic(error, ""))) throw error;
      await delay(OPENING_RETRY_MS * tries);
    } finally {
      await admin.close();
    }
  }
}

interface Parts {
  client: BaseOptions;
  admin: Admin;
  producer: PlatformaticProducer;
  topics: PlatformaticTopics;
  generation: string;
  sessionTimeoutMs: number | undefined;
}

class PlatformaticLog implements Log {
  readonly generation: string;
  readonly #parts: Parts;
  readonly #readers = new Set<Consumer | TableReader>();
  readonly #placement: RecordPlacement;
  #closing: Promise<void> | null = null;

  constructor(parts: Parts) {
    this.generation = parts.generation;
    this.#parts = parts;
    this.#placement = new RecordPlacement(parts);
  }

  async ensureTopics(specs: readonly TopicSpec[]): Promise<void> {
    this.#checkOpen();
    await this.#parts.topics.ensure(specs);
  }

  async partitionCount(topic: string): Promise<number> {
    this.#checkOpen();
    return (await this.#parts.topics.get(topic)).partitions;
  }

  produce(topic: string, records: readonly NewRecord[]): Promise<Position[]> {
    if (this.#closing !== null) return Promise.reject(closedError());
    return this.#placement.produce(topic, records);
  }

  async consume(options: ConsumeOptions): Promise<Consumer> {
    this.#checkOpen();
    const { client, admin, topics, sessionTimeoutMs } = this.#parts;
    const { partitions, cleanup } = await topics.get(options.topic);
    const consumer = new PlatformaticConsumer(
      admin,
      client,
      { partitions, compacted: cleanup === "compact" },
      options,
      sessionTimeoutMs,
    );
    await consumer.start();
    return this.#keep(consumer);
  }

  async readTable(topic: string, onEntry: (entry: TableEntry) => void): Promise<TableReader> {
    this.#checkOpen();
    const { client, admin, topics } = this.#parts;
    const { cleanup, partitions } = await topics.get(topic);
    if (cleanup !== "compact") {
      throw streamError("TRIPLINE_STREAM_CONFIG", `${topic} is not compacted: consume it instead`);
    }
    const bounds = await fetchBounds(admin, topic, partitions);
    return this.#keep(new PlatformaticTable(admin, client, { topic, compacted: true }, bounds, onEntry));
  }

  async follow(topic: string, onEntry: (entry: TableEntry) => void): Promise<TableReader> {
    this.#checkOpen();
    const { client, admin, topics } = this.#parts;
    const { cleanup, partitions } = await topics.get(topic);
    if (cleanup === "compact") throw notFollowed(topic);
    const bounds = atTheEnd(await fetchBounds(admin, topic, partitions));
    const name = { topic, compacted: false };
    return this.#keep(new PlatformaticTable(admin, client, name, bounds, onEntry));
  }

  async scan(range: ScanRange, onBatch: (records: LogRecord[]) => Promise<void>): Promise<void> {
    this.#checkOpen();
    const { client, admin, topics } = this.#parts;
    const { cleanup, partitions } = await topics.get(range.topic);
    const bounds = await fetchBounds(admin, range.topic, partitions);
    checkScan(
      range,
      cleanup === "compact",
      bounds.find(({ partition }) => partition === range.partition),
    );
    await scanPlatformatic(admin, client, range, onBatch);
  }

  async offsets(topic: string) {
    this.#checkOpen();
    const { partitions } = await this.#parts.topics.get(topic);
    return fetchBounds(this.#parts.admin, topic, partitions);
  }

  async committed(topic: string, group: string): Promise<Map<number, CommittedOffset>> {
    this.#checkOpen();
    const { partitions } = await this.#parts.topics.get(topic);
    return fetchCommitted(this.#parts.admin, topic, group, partitions);
  }

  async groups(topic: string): Promise<string[]> {
    this.#checkOpen();
    const { admin } = this.#parts;
    let names: string[];
    try {
      names = [...(await admin.listGroups()).keys()];
    } catch (error) {
      throw fromPlatformatic(error, "listing groups");
    }
    const found: string[] = [];
    for (const group of names) if ((await this.committed(topic, group)).size > 0) found.push(group);
    return found;
  }

  async ping(): Promise<void> {
    this.#checkOpen();
    try {
      await this.#parts.admin.metadata({ topics: [], forceUpdate: true });
    } catch (error) {
      throw fromPlatformatic(error, "asking the brokers");
    }
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      const { admin, producer } = this.#parts;
      await Promise.all([...this.#readers].map((reader) => reader.close()));
      await this.#placement.handedOver();
      await producer.close();
      await admin.close();
    })();
    return this.#closing;
  }

  #keep<T extends Consumer | TableReader>(reader: T): T {
    this.#readers.add(reader);
    const gone = () => this.#readers.delete(reader);
    reader.ended.then(gone, gone);
    return reader;
  }

  #checkOpen(): void {
    if (this.#closing !== null) throw closedError();
  }
}
