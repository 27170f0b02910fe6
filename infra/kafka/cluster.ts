import { join } from "node:path";
import kafkajs from "kafkajs";
import { type Broker, startBroker } from "./broker.ts";

const HEAP_MB = 256; // three of them on one small machine
// They live for a minute: compiling them well costs more than it brings.
const JVM_SMALL = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];
const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 100;

export interface Cluster {
  /** host:port of each node, in the order of their ids (1, 2, …). */
  readonly addresses: string[];
  /** kill -9. */
  killNode(id: number): Promise<void>;
  /** SIGSTOP, until `thaw`. */
  freeze(id: number): void;
  thaw(id: number): void;
  /** Which node leads the partition now; null while none does. */
  leaderOf(topic: string, partition: number): Promise<number | null>;
  /** Starts a node again that was killed or stopped, with its data. */
  restart(id: number): Promise<void>;
  /** Resolves when every node is up and every partition of the topic has all its copies in sync. */
  whole(topic: string): Promise<void>;
  /** kill -9 for all. */
  kill(): Promise<void>;
}

/**
 * Three Kafka nodes (each broker and controller) on 127.0.0.1, from `port` on, two ports a node. Topics get three copies
 * and need two in sync, unless said otherwise. A node that dies is noticed after two seconds.
 */
export async function startCluster(options: { port: number; dataDir: string }): Promise<Cluster> {
  const { port, dataDir } = options;
  const ids = [1, 2, 3];
  const portOf = (id: number) => port + (id - 1) * 2;
  const voters = ids.map((id) => `${id}@127.0.0.1:${portOf(id) + 1}`);
  const start = (id: number) =>
    startBroker({
      port: portOf(id),
      dataDir: join(dataDir, `node-${id}`),
      nodeId: id,
      voters,
      heapMb: HEAP_MB,
      jvmArguments: JVM_SMALL,
    });
  const nodes = new Map<number, Broker>();
  await Promise.all(ids.map(async (id) => nodes.set(id, await start(id))));
  const addressOf = (id: number) => `127.0.0.1:${portOf(id)}`;
  const silent = new Set<number>(); // killed or frozen: kafkajs stays with a first address that never answers

  async function ask<T>(
    question: (admin: ReturnType<InstanceType<typeof kafkajs.Kafka>["admin"]>) => Promise<T>,
  ) {
    const kafka = new kafkajs.Kafka({
      brokers: ids.filter((id) => !silent.has(id)).map(addressOf),
      clientId: "infra",
      logLevel: kafkajs.logLevel.NOTHING,
      requestTimeout: 3000,
      retry: { retries: 2, initialRetryTime: 50 },
    });
    const admin = kafka.admin();
    await admin.connect();
    try {
      return await question(admin);
    } finally {
      await admin.disconnect();
    }
  }

  async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + READY_TIMEOUT_MS;
    let last: unknown;
    while (Date.now() < deadline) {
      try {
        if (await holds()) return;
      } catch (error) {
        last = error; // not up yet; told when it stays so
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    throw new Error(`the cluster did not get ${what}`, { cause: last });
  }

  const partitionsOf = (topic: string) =>
    ask((admin) => admin.fetchTopicMetadata({ topics: [topic] })).then(
      ({ topics }) => topics[0]?.partitions ?? [],
    );
  const allUp = () =>
    ask((admin) => admin.describeCluster()).then(({ brokers }) => brokers.length === ids.length);
  await until("all of its nodes", allUp);

  const node = (id: number): Broker => {
    const found = nodes.get(id);
    if (found === undefined) throw new Error(`there is no node ${id}`);
    return found;
  };
  return {
    addresses: ids.map(addressOf),
    killNode: async (id) => {
      silent.add(id);
      await node(id).kill();
    },
    freeze: (id) => {
      silent.add(id);
      node(id).freeze();
    },
    thaw: (id) => {
      node(id).thaw();
      silent.delete(id);
    },
    leaderOf: async (topic, partition) => {
      const found = (await partitionsOf(topic)).find(({ partitionId }) => partitionId === partition);
      return found === undefined || found.leader < 0 ? null : found.leader;
    },
    restart: async (id) => {
      await node(id).kill();
      nodes.set(id, await start(id));
      silent.delete(id);
    },
    whole: (topic) =>
      until(`whole (${topic})`, async () => {
        if (!(await allUp())) return false;
        const partitions = await partitionsOf(topic);
        return (
          partitions.length > 0 && partitions.every(({ isr, replicas }) => isr.length === replicas.length)
        );
      }),
    kill: async () => {
      await Promise.all([...nodes.values()].map((each) => each.kill()));
    },
  };
}
