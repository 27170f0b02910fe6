import { MessageChannel } from "node:worker_threads";
import { logContract } from "../log-contract.ts";
import { createMemoryLog } from "../memory/memory-log.ts";
import { connectLog } from "./connect-log.ts";
import { serveLog } from "./serve-log.ts";

logContract("a log over a MessagePort", {
  propertyRuns: 50,
  open: async () => {
    const memory = createMemoryLog();
    const { port1, port2 } = new MessageChannel();
    const served = serveLog(memory, port1);
    const log = await connectLog(port2);
    return {
      log,
      done: async () => {
        await log.close();
        await served.close();
        await memory.close();
      },
    };
  },
});
