import { createContext, readProcessConfig, runParts } from "@tripline/service";
import { banner } from "./banner.ts";
import { standaloneConfig } from "./config.ts";
import { createStandalone } from "./standalone.ts";

const config = readProcessConfig(standaloneConfig, {
  command: "npm start --",
  summary: "Tripline in one process: collector, detector, archiver, responder and console.",
});
const context = createContext({ service: "standalone", ...config, processMetrics: true });
const standalone = await createStandalone(config, context);
const code = await runParts(standalone.parts, {
  logger: context.logger,
  onReady: async () =>
    console.log(banner(await standalone.announce(), config.data, process.stdout.isTTY === true)),
});
standalone.close();
await context.close();
process.exit(code);
