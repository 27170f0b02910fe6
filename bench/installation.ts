import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Broker, startBroker } from "../infra/kafka/broker.ts";
import { type Standalone, type StandaloneOptions, startStandalone } from "../test/support/standalone.ts";

export type LogKind = "embedded" | "kafka";

const KAFKA_PORT = 21_150;

/** All services in one process with the shipped rules; on Kafka with a broker beside it on the same machine. */
export interface Installation {
  server: Standalone;
  /** Null on the embedded log. */
  broker: Broker | null;
  dispose(): Promise<void>;
}

export async function startInstallation(
  kind: LogKind,
  options: StandaloneOptions = {},
): Promise<Installation> {
  if (kind === "embedded") {
    const server = await startStandalone(options);
    return { server, broker: null, dispose: () => server.dispose() };
  }
  const directory = mkdtempSync(join(tmpdir(), "tripline-bench-kafka-"));
  const broker = await startBroker({ port: KAFKA_PORT, dataDir: join(directory, "data") });
  const end = async (): Promise<void> => {
    await broker.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const server = await startStandalone({
      ...options,
      env: {
        ...options.env,
        TRIPLINE_LOG: `kafka://${broker.address}`,
        TRIPLINE_KAFKA_CREATE_TOPICS: "true",
      },
    });
    return { server, broker, dispose: () => server.dispose().finally(end) };
  } catch (error) {
    await end();
    throw error;
  }
}
