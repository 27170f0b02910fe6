import { join } from "node:path";
import { TOPICS } from "@tripline/events";
import {
  AccessRegistry,
  createContext,
  createHttpServer,
  createRecordProducer,
  createRedactionKeys,
  healthOf,
  operatorRoutes,
  type Part,
  parseRevocationKeys,
  readProcessConfig,
  runParts,
} from "@tripline/service";
import { kafkaAccess, openLog, triplineTopics } from "@tripline/stream";
import { collectorConfig } from "./config.ts";
import { createCollector } from "./create-collector.ts";
import { openInterceptorPolicy } from "./interceptor-policy.ts";

/** A collector of its own, on Kafka. */
const config = readProcessConfig(collectorConfig, {
  command: "npx node services/collector/src/main.ts",
  summary: "Takes records from interceptors into Kafka, and hands revocations out to them.",
});
const context = createContext({ service: "collector", ...config, processMetrics: true });
const log = await openLog({
  url: config.log,
  kafka: await kafkaAccess(config, { clientId: "tripline-collector", logger: context.logger }),
});
await log.ensureTopics(
  triplineTopics(config.partitions, [TOPICS.events, TOPICS.revocations, TOPICS.verdicts]),
);
const access = await AccessRegistry.open({
  path: join(config.data, "access.json"),
  logger: context.logger,
  now: context.now,
});
const records = createRecordProducer({ log, producerId: "collector", context });
const interceptors = await openInterceptorPolicy(join(config.data, "interceptors.yaml"), context);
const revocationKeys = parseRevocationKeys(config.revocationKeys);
const verdictKeys = parseRevocationKeys(config.verdictKeys);
const collector = createCollector({
  log,
  intake: log.intake,
  access,
  context,
  records,
  secrets: createRedactionKeys({ directory: join(config.data, "keys"), now: context.now }),
  policy: interceptors.policy,
  revocationKeys: () => revocationKeys,
  verdictKeys: () => verdictKeys,
  dataDir: config.data,
});
const http = createHttpServer({ ...config, context, ready: () => healthOf(parts).ready });
await http.app.register(operatorRoutes({ parts: () => parts, metrics: context.metrics }));
await http.app.register(collector.routes);
const parts: Part[] = [http.part, records.part, interceptors.part, collector.part];

const code = await runParts(parts, {
  logger: context.logger,
  onReady: () => console.log(`The collector listens on ${http.url()}`),
});
access.close();
await log.close();
await context.close();
process.exit(code);
