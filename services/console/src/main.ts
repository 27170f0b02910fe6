import { join } from "node:path";
import {
  AccessRegistry,
  createContext,
  createHttpServer,
  createRecordProducer,
  createRedactionKeys,
  healthOf,
  operatorRoutes,
  type Part,
  readProcessConfig,
  runParts,
} from "@tripline/service";
import { openStore } from "@tripline/store";
import { kafkaAccess, openLog, triplineTopics } from "@tripline/stream";
import { consoleConfig } from "./config.ts";
import { createConsole } from "./console.ts";

/** A console of its own, over a ClickHouse server; what was read is recorded on Kafka. */
const config = readProcessConfig(consoleConfig, {
  command: "npx node services/console/src/main.ts",
  summary: "Answers questions about the record, over HTTP and as a page.",
});
const context = createContext({ service: "console", ...config, processMetrics: true });
const log = await openLog({
  url: config.log,
  kafka: await kafkaAccess(config, { clientId: "tripline-console", logger: context.logger }),
});
await log.ensureTopics(triplineTopics(config.partitions));
const store = await openStore({
  url: config.store,
  username: config.storeUser,
  password: config.storePassword,
});
const access = await AccessRegistry.open({
  path: join(config.data, "access.json"),
  logger: context.logger,
  now: context.now,
});
const recordProducer = createRecordProducer({ log, producerId: "console", context });
const secrets = createRedactionKeys({ directory: join(config.data, "keys"), now: context.now });
const people = createConsole({
  ...{ store, log, access, recordProducer, secrets, context },
  backupDays: config.backupDays,
});
const http = createHttpServer({ ...config, context, ready: () => healthOf(parts).ready });
await http.app.register(people.routes);
await http.app.register(operatorRoutes({ parts: () => parts, metrics: context.metrics }));
const parts: Part[] = [http.part, recordProducer.part, people.part];

const code = await runParts(parts, {
  logger: context.logger,
  onReady: () => console.log(`The console is at ${http.url()}`),
});
access.close();
await log.close();
await store.close();
await context.close();
process.exit(code);
