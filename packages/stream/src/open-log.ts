import { join } from "node:path";
import { EMBEDDED_PARTITIONS, KAFKA_PARTITIONS } from "@tripline/events";
import { type EmbeddedLogOptions, openEmbeddedLog } from "./embedded/embedded-log.ts";
import { streamError } from "./errors.ts";
import type { KafkaOptions } from "./kafka/connection.ts";
import { openKafkaLog } from "./kafka/kafka-log.ts";
import type { Log } from "./log.ts";

export interface OpenLogOptions {
  /** `embedded:` (default) or `kafka://host:port[,host:port]`: the value of TRIPLINE_LOG. */
  url?: string;
  /** The data directory; the embedded log lives in `log/` inside it. Kafka needs none. */
  dataDir?: string;
  embedded?: Omit<EmbeddedLogOptions, "directory">;
  kafka?: Omit<KafkaOptions, "brokers">;
}

/** @throws TriplineError TRIPLINE_STREAM_CONFIG for a URL that names no log, else what the log's opening raises */
export async function openLog(options: OpenLogOptions): Promise<Log> {
  const { url = "embedded:", dataDir, embedded, kafka } = options;
  if (logKind(url) === "embedded") {
    if (dataDir === undefined)
      throw streamError("TRIPLINE_STREAM_CONFIG", "the embedded log needs a data directory");
    return openEmbeddedLog({ ...embedded, directory: join(dataDir, "log") });
  }
  return openKafkaLog({ ...kafka, brokers: kafkaBrokers(url) });
}

/** @throws TriplineError TRIPLINE_STREAM_CONFIG */
export function logKind(url: string): "embedded" | "kafka" {
  if (url === "embedded:") return "embedded";
  if (url.startsWith("kafka://")) return "kafka";
  throw wrongUrl(url);
}

/** How many partitions a topic gets on the log that the URL names, unless configured. */
export function defaultPartitions(url: string): number {
  return logKind(url) === "embedded" ? EMBEDDED_PARTITIONS : KAFKA_PARTITIONS;
}

function kafkaBrokers(url: string): string[] {
  const brokers = url.slice("kafka://".length).replace(/\/$/, "").split(",");
  if (brokers.every((broker) => /^(\[[0-9a-fA-F:.]+\]|[^\s:/@[\]]+):\d{1,5}$/.test(broker))) return brokers;
  throw wrongUrl(url);
}

function wrongUrl(url: string) {
  // Without what may be a password before an @.
  const shown = url.replace(/\/\/.*@/s, "//…@");
  return streamError(
    "TRIPLINE_STREAM_CONFIG",
    `"${shown}" names no log: use "embedded:" or "kafka://host:port[,host:port]"`,
  );
}
