import { MessagePort, workerData } from "node:worker_threads";
import { connectLog } from "./connect-log.ts";

/** A thread that copies `in` to `out`; see thread.test.ts. */
if (!(workerData.port instanceof MessagePort)) throw new Error("started without a port");
const log = await connectLog(workerData.port);
await log.consume({
  topic: "in",
  group: "echo",
  onAssigned: async (assignment) => ({
    onBatch: async (records) => {
      for (const { key, value, offset } of records) {
        await log.produce("out", [{ key, value }]);
        await assignment.commit(offset + 1);
      }
    },
  }),
});
