import { once } from "node:events";
import type { Assignment } from "../log.ts";
import { openKafkaLog } from "./kafka-log.ts";

/**
 * A member of a group that holds its first batch until a line comes in, commits then, and prints how that ended:
 * `node frozen-member.fixture.ts BROKER TOPIC GROUP SESSION_TIMEOUT_MS`.
 */
const [, , broker = "", topic = "", group = "", sessionTimeoutMs = ""] = process.argv;
const log = await openKafkaLog({ brokers: [broker], sessionTimeoutMs: Number(sessionTimeoutMs) });
let first: Assignment | null = null;
const consumer = await log.consume({
  topic,
  group,
  onAssigned: async (assignment) => ({
    onBatch: async (records) => {
      if (first !== null) return;
      first = assignment;
      console.log("holding");
      await once(process.stdin, "data");
      const outcome = await assignment.commit((records.at(-1)?.offset ?? 0) + 1, "zombie").then(
        () => "committed",
        (error: unknown) => (error instanceof Error && "code" in error ? String(error.code) : String(error)),
      );
      console.log(outcome);
    },
  }),
});
await once(process.stdin, "end");
await consumer.close();
await log.close();
