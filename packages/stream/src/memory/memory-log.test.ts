import { logContract } from "../log-contract.ts";
import { createMemoryLog } from "./memory-log.ts";

logContract("the memory log", {
  propertyRuns: 100,
  open: async () => {
    const log = createMemoryLog();
    return { log, done: () => log.close() };
  },
});
