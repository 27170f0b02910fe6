import {
  createContext,
  createHttpServer,
  healthOf,
  operatorRoutes,
  type Part,
  runParts,
} from "../src/index.ts";

/** A service like any other, for tests that send it real signals. `hang` makes it never stop by itself. */
const context = createContext({ service: "small", logLevel: "silent" });
const http = createHttpServer({
  context,
  host: "127.0.0.1",
  port: 0,
  publicHosts: [],
  allowedOrigins: [],
  ready: () => healthOf(parts).ready,
});
const hangs: Part = {
  name: "hangs",
  start: async () => undefined,
  stop: async () => {
    console.log("stopping");
    if (process.argv.includes("hang")) await new Promise(() => undefined);
  },
  health: () => ({ state: "ready" }),
};
const parts: Part[] = [http.part, hangs];
await http.app.register(operatorRoutes({ parts: () => parts, metrics: context.metrics }));
http.app.get("/break", async () => {
  setImmediate(() => {
    throw new Error("nobody handles this");
  });
  return {};
});
process.exit(await runParts(parts, { logger: context.logger, onReady: () => console.log(http.url()) }));
