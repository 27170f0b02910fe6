import { basename, dirname } from "node:path";
import { loadOrCreateSigningKey } from "@tripline/response";
import {
  createContext,
  createHttpServer,
  healthOf,
  operatorRoutes,
  type Part,
  readProcessConfig,
  runParts,
} from "@tripline/service";
import { kafkaAccess, openLog, triplineTopics } from "@tripline/stream";
import { detectorConfig } from "./config.ts";
import { createDetector } from "./detector.ts";
import { onReloadSignal } from "./rules/reload-signal.ts";
import { RuleDirectory } from "./rules/rule-directory.ts";

/** A detector of its own, on Kafka. Several share the partitions. */
const config = readProcessConfig(detectorConfig, {
  command: "npx node services/detector/src/main.ts",
  summary: "Turns the records of agents' tool calls into alerts.",
});
const context = createContext({ service: "detector", ...config, processMetrics: true });
const rules = new RuleDirectory({ ...config, directory: config.rules });
const log = await openLog({
  url: config.log,
  kafka: await kafkaAccess(config, { clientId: "tripline-detector", logger: context.logger }),
});
await log.ensureTopics(triplineTopics(config.partitions));
const verdictKey =
  config.verdictKey === undefined
    ? undefined
    : loadOrCreateSigningKey(dirname(config.verdictKey), basename(config.verdictKey));
const detector = createDetector({ log, rules, context, verdictKey });
onReloadSignal(() => void detector.reload());
const http = createHttpServer({ ...config, context, ready: () => healthOf(parts).ready });
await http.app.register(operatorRoutes({ parts: () => parts, metrics: context.metrics }));
const parts: Part[] = [http.part, detector];

const code = await runParts(parts, {
  logger: context.logger,
  onReady: () =>
    context.logger.info(
      {
        url: http.url(),
        ...(verdictKey === undefined ? {} : { verdictKey: `${verdictKey.id}=${verdictKey.publicKey}` }),
      },
      "the detector is ready",
    ),
});
await log.close();
await context.close();
process.exit(code);
