export interface NodeSettings {
  port: number;
  dataDir: string;
  /** Default 1. */
  nodeId?: number;
  /** All controllers, as `id@host:port`; default: this node alone, on the port above the broker's. */
  voters?: readonly string[];
  /** Added last, so that they win: listeners with TLS, SASL mechanisms, limits. */
  properties?: Readonly<Record<string, string | number | boolean>>;
}

/** The settings of one node that is broker and controller. The controller listens on the port above the broker's. */
export function serverProperties(node: NodeSettings): string {
  const { port, dataDir, nodeId = 1, properties = {} } = node;
  const { voters = [`${nodeId}@127.0.0.1:${port + 1}`] } = node;
  const copies = voters.length;
  const inSync = Math.max(1, copies - 1);
  return Object.entries({
    "process.roles": "broker,controller",
    "node.id": nodeId,
    "controller.quorum.voters": voters.join(","),
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${port + 1}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${port}`,
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "log.dirs": dataDir,
    "auto.create.topics.enable": false,
    "default.replication.factor": copies,
    "min.insync.replicas": inSync,
    "offsets.topic.replication.factor": copies,
    "offsets.topic.num.partitions": 4, // fewer files; a few nodes gain nothing from fifty
    "transaction.state.log.replication.factor": copies,
    "transaction.state.log.min.isr": inSync,
    "share.coordinator.state.topic.replication.factor": copies,
    "share.coordinator.state.topic.min.isr": inSync,
    "group.initial.rebalance.delay.ms": 0,
    "group.min.session.timeout.ms": 1000, // lets a test wait for a lost member without minutes
    ...(copies === 1 ? {} : QUICK_FAILOVER),
    ...properties,
  })
    .map(([key, value]) => `${key}=${value}\n`)
    .join("");
}

/** A lost node is noticed in two seconds instead of nine, and a slow copy in four instead of thirty. */
const QUICK_FAILOVER = {
  "broker.session.timeout.ms": 2000,
  "broker.heartbeat.interval.ms": 300,
  "controller.quorum.fetch.timeout.ms": 1500,
  "controller.quorum.election.timeout.ms": 700,
  "replica.lag.time.max.ms": 4000,
};
