import { connectInterceptor, exitLike, runStdioProxy, stdioEnforcement } from "../../src/index.ts";

/** A stdio proxy as a process of its own: `proxy-main.ts OPTIONS_JSON COMMAND [ARGS…]`. */
const [options = "{}", command = "", ...args] = process.argv.slice(2);
const { url, ingestKey, stateDir, maxSpoolBytes, policy } = JSON.parse(options);
const interceptor = await connectInterceptor({
  url,
  ingestKey,
  stateDir,
  maxSpoolBytes,
  policy,
  tenant: "acme",
  producer: "gw-1",
  enforcement: stdioEnforcement(false),
  onWarning: ({ code, message }) => console.error(`${code}: ${message}`),
});
const exit = await runStdioProxy({
  interceptor,
  command,
  args,
  server: "filesystem",
  caller: { credential: "local:demo", assurance: "verified" },
});
await interceptor.close(500);
exitLike(exit);
