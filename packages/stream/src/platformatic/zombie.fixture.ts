import { openKafkaLog } from "../kafka/kafka-log.ts";
import { openPlatformaticLog } from "./platformatic-log.ts";

/** Takes a batch in hand, and commits it only after it was stopped and woken again. */
const LOOK_MS = 20;
const STOPPED_MS = 5_000; // no timer is as late as that otherwise

const [client = "", address = "", topic = ""] = process.argv.slice(2);
const log = await (client === "kafkajs" ? openKafkaLog : openPlatformaticLog)({ brokers: [address] });
await log.consume({
  topic,
  group: "zombies",
  onAssigned: async (assignment) => ({
    onBatch: async () => {
      const waking = woken(); // before it is said: the answer is the stop
      process.send?.("holding");
      await waking;
      await assignment.commit(1, "zombie").then(
        () => process.send?.("commit taken"),
        (error: unknown) =>
          process.send?.(`commit ${error instanceof Error && "code" in error ? error.code : error}`),
      );
    },
  }),
});

function woken(): Promise<void> {
  return new Promise((resolve) => {
    let last = Date.now();
    const timer = setInterval(() => {
      const late = Date.now() - last > STOPPED_MS;
      last = Date.now();
      if (!late) return;
      clearInterval(timer);
      resolve();
    }, LOOK_MS);
  });
}
