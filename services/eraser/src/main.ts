import {
  createContext,
  createHttpServer,
  healthOf,
  operatorRoutes,
  type Part,
  readProcessConfig,
  runParts,
} from "@tripline/service";
import { openStore } from "@tripline/store";
import { kafkaAccess, openLog, triplineTopics } from "@tripline/stream";
import { eraserConfig } from "./config.ts";
import { createEraserPart } from "./eraser-part.ts";

/** An eraser of its own, with the one user of the ClickHouse server that may remove payloads and names. */
const config = readProcessConfig(eraserConfig, {
  command: "npx node services/eraser/src/main.ts",
  summary: "Erases payloads and names that a sealed record covers, and what is over its age.",
});
const context = createContext({ service: "eraser", ...config, processMetrics: true });
const log = await openLog({
  url: config.log,
  kafka: await kafkaAccess(config, { clientId: "tripline-eraser", logger: context.logger }),
});
await log.ensureTopics(triplineTopics(config.partitions));
const store = await openStore({
  url: config.store,
  username: config.storeUser,
  password: config.storePassword,
});
const http = createHttpServer({ ...config, context, ready: () => healthOf(parts).ready });
await http.app.register(operatorRoutes({ parts: () => parts, metrics: context.metrics }));
const eraser = createEraserPart({ log, eraser: store.eraser, context, days: config });
const parts: Part[] = [http.part, eraser];

const code = await runParts(parts, {
  logger: context.logger,
  onReady: () => console.log(`The eraser runs; its health and metrics are at ${http.url()}`),
});
await log.close();
await store.close();
await context.close();
process.exit(code);
