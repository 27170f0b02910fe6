import kafkajs, { type Broker, type Cluster, type Kafka } from "kafkajs";

/**
 * kafkajs's connections and metadata, beneath its producer and its consumer: a `Cluster`, which it hands to partition
 * assigners and to nothing else. Tripline sends and reads through it where kafkajs's own way loses, doubles or jumps
 * over records (docs/decisions/007). The consumer that carries it joins no group.
 */
export interface KafkaCluster {
  readonly cluster: Cluster;
  connect(): Promise<void>;
  disconnect(): Promise<void>;
}

const METADATA_MAX_AGE_MS = 60_000; // errors refresh it at once; this is for what changes without one

export function openCluster(kafka: Kafka): KafkaCluster {
  const found: Cluster[] = [];
  const carrier = kafka.consumer({
    groupId: "tripline-never-joined",
    allowAutoTopicCreation: false,
    metadataMaxAge: METADATA_MAX_AGE_MS,
    partitionAssigners: [
      (config) => {
        found.push(config.cluster);
        return kafkajs.PartitionAssigners.roundRobin(config);
      },
    ],
  });
  const [cluster] = found;
  if (cluster === undefined) throw new Error("kafkajs made no assigner: another version of it is installed");
  return { cluster, connect: () => carrier.connect(), disconnect: () => carrier.disconnect() };
}

/** Loads the topics' metadata, if it is not there yet. */
export async function knowTopics(cluster: Cluster, topics: string[]): Promise<void> {
  if (!cluster.isConnected()) await cluster.connect();
  await cluster.addMultipleTargetTopics(topics);
  await cluster.refreshMetadataIfNecessary();
}

/** The node that leads the partition, by what the metadata says now; null while there is none. */
export function leaderOf(cluster: Cluster, topic: string, partition: number): string | null {
  const known = cluster
    .findTopicPartitionMetadata(topic)
    .find(({ partitionId }) => partitionId === partition);
  return known === undefined || known.leader === null || known.leader < 0 ? null : String(known.leader);
}

/**
 * Asks anew who leads what. A broker whose connection broke or that did not answer is forgotten first: it would be asked
 * again, and a frozen one still looks connected.
 */
export async function refreshAfter(cluster: Cluster, error: unknown): Promise<void> {
  forget(cluster, error);
  try {
    await refresh(cluster);
  } catch (second) {
    forget(cluster, second);
    await refresh(cluster);
  }
}

async function refresh(cluster: Cluster): Promise<void> {
  if (!cluster.isConnected()) await cluster.connect();
  await cluster.refreshMetadata();
}

/** Drops the broker that the error tells of, when its connection broke or it did not answer. Says which one that was. */
export function forget(cluster: Cluster, error: unknown): { host: string; port: number } | null {
  if (!(error instanceof Error)) return null;
  if (!/^KafkaJS(Connection|RequestTimeout)/.test(error.name) || !("broker" in error))
    return forget(cluster, error.cause);
  const found = /^(.*):(\d+)$/.exec(String(error.broker));
  if (found === null) return null;
  const address = { host: found[1] ?? "", port: Number(found[2]) };
  cluster.removeBroker(address);
  return address;
}

/** What kafkajs leaves out of a broker's type. */
export function can<Name extends string>(
  broker: Broker,
  name: Name,
): broker is Broker & Record<Name, (request: object) => Promise<unknown>> {
  return name in broker && typeof Reflect.get(broker, name) === "function";
}
