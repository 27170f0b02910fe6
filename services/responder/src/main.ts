import { join } from "node:path";
import {
  AccessRegistry,
  createContext,
  createGuards,
  createHttpServer,
  createRecordProducer,
  createRedactionKeys,
  operatorRoutes,
  readProcessConfig,
  runParts,
} from "@tripline/service";
import { kafkaAccess, openLog, triplineTopics } from "@tripline/stream";
import { responderConfig } from "./config.ts";
import { createResponder } from "./responder.ts";

const config = readProcessConfig(responderConfig, {
  command: "npx node services/responder/src/main.ts",
  summary: "Decides about alerts: revokes, records why, notifies.",
});
const { data, logLevel, otlpEndpoint } = config;
const context = createContext({ service: "responder", logLevel, otlpEndpoint, processMetrics: true });
const { logger, metrics } = context;

const log = await openLog({
  url: config.log,
  kafka: await kafkaAccess(config, { clientId: "tripline-responder", logger }),
});
await log.ensureTopics(triplineTopics(config.partitions));
const access = await AccessRegistry.open({ path: join(data, "access.json"), logger, now: context.now });
const records = createRecordProducer({ log, producerId: "responder", context });
const http = createHttpServer({ ...config, context });
const responder = createResponder({
  log,
  dataDir: data,
  records,
  secrets: createRedactionKeys({ directory: join(data, "keys"), now: context.now }),
  context,
  guards: createGuards(access),
  publicUrl: () => config.publicUrl ?? http.url(),
});
const parts = [http.part, records.part, responder.part];
await http.app.register(operatorRoutes({ parts: () => parts, metrics }));
await http.app.register(responder.routes);

const code = await runParts(parts, {
  logger,
  onReady: () => logger.info({ url: http.url(), keys: responder.publicKeys }, "the responder is ready"),
});
access.close();
await log.close();
await context.close();
process.exit(code);
