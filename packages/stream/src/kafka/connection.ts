import net from "node:net";
import tls from "node:tls";
import kafkajs, { type ISocketFactory, type Kafka, type KafkaConfig } from "kafkajs";
import { inWholeFrames } from "./whole-frames.ts";

// A CommonJS module: only its default export is there for certain.
const { logLevel } = kafkajs;

export interface KafkaOptions {
  /** host:port of one or more brokers. */
  brokers: string[];
  clientId?: string;
  /** The library that speaks to the brokers; default kafkajs. docs/decisions/008-kafka-client.md compares them. */
  client?: "kafkajs" | "platformatic" | undefined;
  /** As kafkajs takes them. */
  ssl?: KafkaConfig["ssl"];
  sasl?: KafkaConfig["sasl"];
  /** Copies of each topic that `ensureTopics` creates; default: the broker's `default.replication.factor`. */
  replicationFactor?: number;
  /** `ensureTopics` makes what is missing; else it refuses, and says how topics are made. Default true. */
  createTopics?: boolean;
  /** ms without a heartbeat after which a member's partitions go to others; default 10,000. */
  sessionTimeoutMs?: number;
  /** ms for which a produce call is tried while brokers don't answer or have no leader; default 15,000. */
  deliveryTimeoutMs?: number;
  /** What kafkajs has to say, from warnings on. Default: nothing. */
  onLog?(entry: { level: "warn" | "error"; message: string }): void;
}

const INITIAL_RETRY_MS = 50; // kafkajs waits 300 ms before its first retry, which shows in the latency of each leader change
const MAX_RETRY_MS = 2000;
const RETRIES = 5; // about 3 s in all; then the caller is told and decides
const CONNECT_TIMEOUT_MS = 3000;
const REQUEST_TIMEOUT_MS = 10_000; // a frozen broker is left after it; kafkajs's 30 s is longer than a call may wait

const ASK_TIMEOUT_MS = 5_000; // what is asked or fetched is answered within ms, and may be asked of another broker

/** @param use what is produced waits for all copies, and so for longer than what is asked or read */
export function connectKafka(options: KafkaOptions, use: "produce" | "read" = "produce"): Kafka {
  const { brokers, clientId = "tripline", ssl, sasl, onLog } = options;
  return new kafkajs.Kafka({
    brokers,
    clientId,
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl }),
    connectionTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: use === "read" ? ASK_TIMEOUT_MS : REQUEST_TIMEOUT_MS,
    retry: { initialRetryTime: INITIAL_RETRY_MS, maxRetryTime: MAX_RETRY_MS, retries: RETRIES },
    socketFactory,
    logLevel: onLog === undefined ? logLevel.NOTHING : logLevel.WARN,
    logCreator:
      () =>
      ({ level, log }) =>
        onLog?.({ level: level === logLevel.ERROR ? "error" : "warn", message: log.message }),
  });
}

/** As kafkajs has it, but without Nagle's delay, and in whole answers. */
const socketFactory: ISocketFactory = ({ host, port, ssl, onConnect }) => {
  const socket = ssl
    ? tls.connect({ host, port, ...(net.isIP(host) === 0 ? { servername: host } : {}), ...ssl }, onConnect)
    : net.connect({ host, port }, onConnect);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 60_000);
  return inWholeFrames(answeringSoon(socket));
};

const GREETINGS = new Set([17, 18]); // SaslHandshake, ApiVersions: what kafkajs sends first, and what takes a broker no time
const API_KEY_AT = 4; // behind the request's size

/**
 * Ends a connection whose first requests are not answered in time: a frozen broker's kernel takes connections for it, and
 * kafkajs, for which that is one, would try the same broker over and over for a minute.
 */
function answeringSoon<T extends net.Socket>(socket: T): T {
  let waiting: NodeJS.Timeout | undefined;
  const write = socket.write.bind(socket);
  socket.write = (bytes: unknown, ...rest: unknown[]): boolean => {
    if (
      Buffer.isBuffer(bytes) &&
      bytes.length > API_KEY_AT + 1 &&
      GREETINGS.has(bytes.readInt16BE(API_KEY_AT))
    ) {
      clearTimeout(waiting);
      waiting = setTimeout(
        () => socket.destroy(new Error("the broker takes the connection and does not answer")),
        CONNECT_TIMEOUT_MS,
      );
    }
    return Reflect.apply(write, socket, [bytes, ...rest]);
  };
  const answered = () => clearTimeout(waiting);
  socket.on("data", answered).on("close", answered);
  return socket;
}
