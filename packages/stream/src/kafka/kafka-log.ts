import { isRetriable } from "@tripline/events";
import type { Admin, Kafka } from "kafkajs";
import { closedError, notFollowed, streamError } from "../errors.ts";
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
import { connectKafka, type KafkaOptions } from "./connection.ts";
import { fromKafka, kafkaType } from "./errors.ts";
import { type KafkaCluster, openCluster } from "./kafka-cluster.ts";
import { KafkaConsumer } from "./kafka-consumer.ts";
import { atTheEnd, fetchBounds, fetchCommitted, type PartitionBounds } from "./kafka-offsets.ts";
import { DELIVERY_TIMEOUT_MS, KafkaProducer } from "./kafka-producer.ts";
import { scanKafka } from "./kafka-scan.ts";
import { KafkaTable } from "./kafka-table.ts";
import { KafkaTopics } from "./kafka-topics.ts";
import { RecordPlacement } from "./record-placement.ts";

const BROKER_DEFAULT_REPLICATION = -1;

/** @throws TriplineError TRIPLINE_STREAM_UNAVAILABLE when no broker answers, TRIPLINE_STREAM_REFUSED without access */
export async function openKafkaLog(options: KafkaOptions): Promise<Log> {
  // kafkajs stays with the first address that takes a connection, and a frozen broker takes one and never answers.
  const { brokers } = options;
  for (let first = 0; ; first++) {
    try {
      return await openFrom({ ...options, brokers: [...brokers.slice(first), ...brokers.slice(0, first)] });
    } catch (error) {
      if (!isRetriable(error) || first + 1 >= brokers.length) throw error;
    }
  }
}

async function openFrom(options: KafkaOptions): Promise<Log> {
  const kafka = connectKafka(options, "read");
  const admin = kafka.admin();
  const asking = openCluster(kafka);
  const producer = new KafkaProducer(connectKafka(options), options.deliveryTimeoutMs ?? DELIVERY_TIMEOUT_MS);
  try {
    await admin.connect();
    await asking.connect();
    await producer.connect();
    const { clusterId } = await admin.describeCluster();
    const topics = new KafkaTopics(admin, {
      replicationFactor: options.replicationFactor ?? BROKER_DEFAULT_REPLICATION,
      create: options.createTopics ?? true,
    });
    const { sessionTimeoutMs } = options;
    const generation = `kafka-${clusterId}-1`;
    return new KafkaLog({ kafka, admin, asking, producer, topics, generation, sessionTimeoutMs });
  } catch (error) {
    await Promise.allSettled([admin.disconnect(), asking.disconnect(), producer.close()]);
    const what = `connecting to ${options.brokers.join(", ")}`;
    if (options.sasl?.mechanism === "oauthbearer" && kafkaType(error) === "KafkaJSBrokerNotFound") {
      // A broker says so in an answer that kafkajs takes for a success, and ends the connection at the next request.
      const message = `${what}: no broker serves us with this token: is it valid, and for these brokers?`;
      throw streamError("TRIPLINE_STREAM_REFUSED", message, error);
    }
    throw fromKafka(error, what);
  }
}

interface KafkaParts {
  kafka: Kafka;
  admin: Admin;
  /** For questions about offsets and commits: a broker that does not answer is left. */
  asking: KafkaCluster;
  producer: KafkaProducer;
  topics: KafkaTopics;
  generation: string;
  sessionTimeoutMs: number | undefined;
}

class KafkaLog implements Log {
  readonly generation: string;
  readonly #parts: KafkaParts;
  readonly #readers = new Set<Consumer | TableReader>();
  readonly #placement: RecordPlacement;
  readonly #stop = new AbortController();
  #closing: Promise<void> | null = null;

  constructor(parts: KafkaParts) {
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
    const { kafka, asking, topics, sessionTimeoutMs } = this.#parts;
    const { topic, group } = options;
    const { partitions, cleanup } = await topics.get(topic);
    const consumed = {
      partitions,
      compacted: cleanup === "compact",
      committed: () => fetchCommitted(asking.cluster, topic, partitions, group),
      bounds: () => this.#bounds(topic),
    };
    const consumer = new KafkaConsumer(kafka, consumed, options, sessionTimeoutMs);
    await consumer.start();
    return this.#keep(consumer);
  }

  async readTable(topic: string, onEntry: (entry: TableEntry) => void): Promise<TableReader> {
    this.#checkOpen();
    const { kafka, topics } = this.#parts;
    const { cleanup } = await topics.get(topic);
    if (cleanup !== "compact") {
      throw streamError("TRIPLINE_STREAM_CONFIG", `${topic} is not compacted: consume it instead`);
    }
    const table = new KafkaTable(kafka, topic, await this.#bounds(topic));
    await table.start(onEntry);
    return this.#keep(table);
  }

  async follow(topic: string, onEntry: (entry: TableEntry) => void): Promise<TableReader> {
    this.#checkOpen();
    const { kafka, topics } = this.#parts;
    if ((await topics.get(topic)).cleanup === "compact") throw notFollowed(topic);
    const table = new KafkaTable(kafka, topic, atTheEnd(await this.#bounds(topic)));
    await table.start(onEntry);
    return this.#keep(table);
  }

  async scan(range: ScanRange, onBatch: (records: LogRecord[]) => Promise<void>): Promise<void> {
    this.#checkOpen();
    const { kafka, topics } = this.#parts;
    const { cleanup } = await topics.get(range.topic);
    const bounds = await this.#bounds(range.topic);
    checkScan(
      range,
      cleanup === "compact",
      bounds.find(({ partition }) => partition === range.partition),
    );
    await scanKafka(kafka, range, onBatch, this.#stop.signal);
  }

  async offsets(topic: string) {
    this.#checkOpen();
    return this.#bounds(topic);
  }

  async committed(topic: string, group: string): Promise<Map<number, CommittedOffset>> {
    this.#checkOpen();
    const { partitions } = await this.#parts.topics.get(topic);
    return fetchCommitted(this.#parts.asking.cluster, topic, partitions, group);
  }

  async groups(topic: string): Promise<string[]> {
    this.#checkOpen();
    const { admin } = this.#parts;
    let names: string[];
    try {
      const { groups } = await admin.listGroups();
      names = groups.filter(({ protocolType }) => protocolType === "consumer").map(({ groupId }) => groupId);
    } catch (error) {
      throw fromKafka(error, "listing groups");
    }
    const found: string[] = [];
    for (const group of names) if ((await this.committed(topic, group)).size > 0) found.push(group);
    return found;
  }

  async ping(): Promise<void> {
    this.#checkOpen();
    try {
      await this.#parts.admin.describeCluster();
    } catch (error) {
      throw fromKafka(error, "asking the brokers");
    }
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      const { admin, asking, producer } = this.#parts;
      this.#stop.abort(closedError());
      await Promise.all([...this.#readers].map((reader) => reader.close()));
      await this.#placement.handedOver();
      await producer.close();
      await Promise.all([asking.disconnect(), admin.disconnect()]);
    })();
    return this.#closing;
  }

  async #bounds(topic: string): Promise<PartitionBounds[]> {
    const { partitions } = await this.#parts.topics.get(topic);
    return fetchBounds(this.#parts.asking.cluster, topic, partitions);
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
