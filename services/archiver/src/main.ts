import {
  createContext,
  createHttpServer,
  healthOf,
  operatorRoutes,
  type Part,
  parseRevocationKeys,
  readProcessConfig,
  runParts,
} from "@tripline/service";
import { openStore } from "@tripline/store";
import { kafkaAccess, openLog, triplineTopics } from "@tripline/stream";
import { createArchiver } from "./archiver.ts";
import { archiverConfig } from "./config.ts";
import { ledgerSettingsOf } from "./ledger/settings-of.ts";
import { waitForStore } from "./wait-for-store.ts";

/** An archiver of its own, from Kafka to a ClickHouse server. */
const config = readProcessConfig(archiverConfig, {
  command: "npx node services/archiver/src/main.ts",
  summary: "Writes the log's records into ClickHouse, each once.",
});
const context = createContext({ service: "archiver", ...config, processMetrics: true });
const log = await openLog({
  url: config.log,
  dataDir: config.data,
  kafka: await kafkaAccess(config, { clientId: "tripline-archiver", logger: context.logger }),
});
await log.ensureTopics(triplineTopics(config.partitions));
const store = await waitForStore(
  () => openStore({ url: config.store, username: config.storeUser, password: config.storePassword }),
  context.logger,
);
const revocationKeys = parseRevocationKeys(config.revocationKeys);
if (revocationKeys.length === 0)
  context.logger.warn("no --revocation-keys: every revocation will go to the dead letters as forged");
const http = createHttpServer({ ...config, context, ready: () => healthOf(parts).ready });
await http.app.register(operatorRoutes({ parts: () => parts, metrics: context.metrics }));
const archiver = createArchiver({
  ...{ log, store, context },
  revocationKeys: () => revocationKeys,
  ledger: ledgerSettingsOf(config, process.env),
});
const parts: Part[] = [http.part, archiver];

const code = await runParts(parts, {
  logger: context.logger,
  onReady: () => console.log(`The archiver runs; its health and metrics are at ${http.url()}`),
});
await log.close();
await store.close();
await context.close();
process.exit(code);
