import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { kafkaLibs } from "./libs.ts";
import { type NodeSettings, serverProperties } from "./server-properties.ts";

const START_TIMEOUT_MS = 60_000; // 3 s alone; more while the machine compiles
const STOP_TIMEOUT_MS = 20_000;
const POLL_MS = 50;
const CLUSTER_ID = "dHJpcGxpbmUtbG9jYWwtMQ"; // 16 bytes in base64url, as the storage tool wants it

export interface Broker {
  /** host:port */
  readonly address: string;
  readonly pid: number;
  /** Shuts the broker down in good order; its data stays. */
  stop(): Promise<void>;
  /** kill -9. */
  kill(): Promise<void>;
  /** SIGSTOP: it keeps its connections and answers nothing, until `thaw`. */
  freeze(): void;
  thaw(): void;
}

export interface BrokerOptions extends NodeSettings {
  /** Default 512. */
  heapMb?: number;
  /** More for the storage tool's `format`, e.g. `--add-scram …`. */
  formatArguments?: readonly string[];
  /** More for the JVM, e.g. `-D…`. */
  jvmArguments?: readonly string[];
}

/**
 * Starts an Apache Kafka broker on 127.0.0.1:`port` (and its controller on the next port), formatting `dataDir` the
 * first time. Its output goes to `dataDir/../kafka.out` beside the data.
 */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const { port, dataDir, heapMb = 512, formatArguments = [], jvmArguments = [] } = options;
  const classPath = `${await kafkaLibs()}/jars/*`;
  mkdirSync(dataDir, { recursive: true });
  const properties = `${dataDir}.properties`;
  const output = `${dataDir}.out`;
  writeFileSync(properties, serverProperties(options));
  if (!existsSync(join(dataDir, "meta.properties"))) {
    const format = [
      "-cp",
      classPath,
      "kafka.tools.StorageTool",
      "format",
      "-t",
      CLUSTER_ID,
      "-c",
      properties,
      ...formatArguments,
    ];
    await promisify(execFile)("java", format);
  }
  const descriptor = openSync(output, "a");
  const child = spawn(
    "java",
    [`-Xmx${heapMb}m`, ...jvmArguments, "-cp", classPath, "kafka.Kafka", properties],
    { stdio: ["ignore", descriptor, descriptor] },
  );
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  await listening(child, port, output);
  return {
    address: `127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    stop: () => end(child, exited, "SIGTERM"),
    kill: () => end(child, exited, "SIGKILL"),
    freeze: () => child.kill("SIGSTOP"),
    thaw: () => child.kill("SIGCONT"),
  };
}

async function listening(child: ChildProcess, port: number, output: string): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await accepts(port))) {
    if (child.exitCode !== null) throw new Error(`the broker ended at its start:\n${tail(output)}`);
    if (Date.now() > deadline) {
      child.kill("SIGKILL");
      throw new Error(`the broker did not listen on ${port} in time:\n${tail(output)}`);
    }
    await delay(POLL_MS);
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const settle = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.once("connect", () => settle(true));
    socket.once("error", () => settle(false));
  });
}

async function end(child: ChildProcess, exited: Promise<void>, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  if (signal === "SIGTERM") child.kill("SIGCONT"); // a frozen one would not hear it
  child.kill(signal);
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
  await exited;
  clearTimeout(timer);
}

function tail(file: string): string {
  return readFileSync(file, "utf8").split("\n").slice(-20).join("\n");
}
