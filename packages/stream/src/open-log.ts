import { join } from "node:path";
import { EMBEDDED_PARTITIONS, KAFKA_PARTITIONS } from "@tripline/events";
import {
  type EmbeddedLog,
  type EmbeddedLogOptions,
  openEmbeddedLog,
  type Room,
} from "./embedded/embedded-log.ts";
import { streamError } from "./errors.ts";
import { type GenerationOptions, type OpenLog, openGeneration } from "./generation/index.ts";
import type { KafkaOptions } from "./kafka/connection.ts";
import { openKafkaLog } from "./kafka/kafka-log.ts";
import type { Log } from "./log.ts";
import { alertOnLostRange } from "./lost-range/alert-on-lost-range.ts";

export interface OpenLogOptions {
  /** `embedded:` (default) or `kafka://host:port[,host:port]`: the value of TRIPLINE_LOG. */
  url?: string;
  /** The data directory; the embedded log lives in `log/` inside it. Kafka needs none. */
  dataDir?: string;
  embedded?: Omit<EmbeddedLogOptions, "directory" | "identityFile">;
  kafka?: Omit<KafkaOptions, "brokers">;
}

/** The log that the URL names, in its present generation, as services use it. */
export interface ServiceLog extends OpenLog {
  /** How full the disk of an embedded log is; null on Kafka, whose brokers look after their own. */
  readonly room: (() => Promise<Room>) | null;
}

/**
 * @throws TriplineError TRIPLINE_STREAM_CONFIG for a URL that names no log, TRIPLINE_STREAM_MOVED for a log that went on
 * elsewhere, else what the log's opening raises
 */
export async function openLog(options: OpenLogOptions): Promise<ServiceLog> {
  const { url = "embedded:", dataDir, embedded } = options;
  if (logKind(url) === "kafka") {
    const raw = await openRawLog(options);
    return Object.assign(alertOnLostRange(await generationOf(raw)), { room: null });
  }
  const raw = openEmbedded(dataDir, embedded);
  // Nobody but this process can change what an embedded log says of itself: no need to look for it.
  const log = await generationOf(raw, { checkIntake: () => raw.checkIntake(), lookEveryMs: 0 });
  return Object.assign(alertOnLostRange(log), { room: () => raw.room() });
}

/** The log as it is, without a generation around it: for the tool that moves it. */
export async function openRawLog(options: OpenLogOptions): Promise<Log> {
  const { url = "embedded:", dataDir, embedded, kafka } = options;
  if (logKind(url) === "embedded") return openEmbedded(dataDir, embedded);
  const brokers = kafkaBrokers(url);
  if (kafka?.client !== "platformatic") return openKafkaLog({ ...kafka, brokers });
  // Loaded only where it is chosen: it takes some 60 MB of memory.
  const { openPlatformaticLog } = await import("./platformatic/platformatic-log.ts");
  return openPlatformaticLog({ ...kafka, brokers });
}

function openEmbedded(dataDir: string | undefined, embedded: OpenLogOptions["embedded"]): EmbeddedLog {
  if (dataDir === undefined)
    throw streamError("TRIPLINE_STREAM_CONFIG", "the embedded log needs a data directory");
  return openEmbeddedLog({ ...embedded, ...embeddedPaths(dataDir) });
}

/** Where the embedded log is in a data directory, and the file beside it that says which one it is. */
export function embeddedPaths(dataDir: string): { directory: string; identityFile: string } {
  return { directory: join(dataDir, "log"), identityFile: join(dataDir, "log.json") };
}

async function generationOf(raw: Log, options?: GenerationOptions): Promise<OpenLog> {
  try {
    return await openGeneration(raw, options);
  } catch (error) {
    await raw.close();
    throw error;
  }
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

/** @throws TriplineError TRIPLINE_STREAM_CONFIG */
export function kafkaBrokers(url: string): string[] {
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
