import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MessageChannel } from "node:worker_threads";
import type { BenchResult, Figure } from "../../../bench/result.ts";
import { startBroker } from "../../../infra/kafka/broker.ts";
import { connectLog, openLog, serveLog } from "../src/index.ts";
import { benchLog } from "./log-bench.ts";

/** `node packages/stream/bench/log.ts [embedded|port|kafka]…`: prints one BenchResult a log. */
const KAFKA_PORT = 20_150;
const names = process.argv.slice(2);
const directory = mkdtempSync(join(tmpdir(), "tripline-bench-"));
const size = { records: 100_000, latencyRecords: 500 };

const benches: Record<string, () => Promise<Figure[]>> = {
  embedded: async () => {
    const log = await openLog({ dataDir: join(directory, "embedded") });
    const result = await benchLog(log, size);
    await log.close();
    return result;
  },
  /** Through a MessagePort, both ends in this thread: what the crossing costs at least. */
  port: async () => {
    const log = await openLog({ dataDir: join(directory, "port") });
    const { port1, port2 } = new MessageChannel();
    const served = serveLog(log, port1);
    const remote = await connectLog(port2);
    const result = await benchLog(remote, size);
    await remote.close();
    await served.close();
    await log.close();
    return result;
  },
  kafka: async () => {
    const broker = await startBroker({ port: KAFKA_PORT, dataDir: join(directory, "kafka") });
    const log = await openLog({ url: `kafka://${broker.address}`, dataDir: directory });
    try {
      return await benchLog(log, size);
    } finally {
      await log.close();
      await broker.stop();
    }
  },
};

for (const [name, bench] of Object.entries(benches)) {
  if (names.length > 0 && !names.includes(name)) continue;
  const result: BenchResult = { bench: `log: ${name}`, figures: await bench() };
  console.log(JSON.stringify(result));
}
rmSync(directory, { recursive: true });
