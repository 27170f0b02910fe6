import kafkajs, { type Broker, type Cluster } from "kafkajs";
import { forget } from "./kafka-cluster.ts";

/** What kafkajs recovers from by forgetting the broker and asking who leads what: it goes by the name. */
class BrokerSilent extends kafkajs.KafkaJSConnectionError {
  override readonly name = "KafkaJSConnectionClosedError";
  readonly host: string;
  readonly port: number;

  constructor(address: { host: string; port: number }, cause: Error) {
    super(cause, { broker: `${address.host}:${address.port}` });
    this.host = address.host;
    this.port = address.port;
  }
}

/**
 * Lets a kafkajs consumer leave a broker that does not answer. By itself it asks a frozen one again and again, for the
 * connection still looks well, and never asks the others who leads now.
 * @param onFetched the partitions for which a leader has just answered a fetch
 */
export function leaveSilentBrokers(cluster: Cluster, onFetched: (partitions: number[]) => void): void {
  const watched = new WeakSet<Broker>();
  const find = cluster.findBroker.bind(cluster);
  cluster.findBroker = async (node) => {
    const broker = await find(node);
    if (watched.has(broker)) return broker;
    watched.add(broker);
    const fetch = broker.fetch.bind(broker);
    broker.fetch = async (request) => {
      try {
        const answer = await fetch(request);
        onFetched(request.topics.flatMap(({ partitions }) => partitions.map(({ partition }) => partition)));
        return answer;
      } catch (error) {
        const address = forget(cluster, error);
        if (address === null || !(error instanceof Error)) throw error;
        broker.disconnect().catch(() => undefined); // nobody uses it any more
        throw new BrokerSilent(address, error);
      }
    };
    return broker;
  };
  // Asked of any broker that looks connected; the next try must not meet the same one.
  const refreshes = ["refreshMetadata", "refreshMetadataIfNecessary"] as const;
  for (const name of refreshes) {
    const refresh = cluster[name].bind(cluster);
    cluster[name] = async () => {
      try {
        await refresh();
      } catch (error) {
        forget(cluster, error);
        throw error;
      }
    };
  }
}
