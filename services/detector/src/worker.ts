import { parentPort, workerData } from "node:worker_threads";
import { TriplineError } from "@tripline/events";
import { signingKeyFromPem } from "@tripline/response";
import { createContext } from "@tripline/service";
import { connectLog } from "@tripline/stream";
import { createDetector } from "./detector.ts";
import { RuleDirectory } from "./rules/rule-directory.ts";
import type { FromWorker, ToWorker, WorkerStart } from "./worker-messages.ts";

/** The detector in a thread of its own; `createDetectorWorker` starts it. */

const HEALTH_EVERY_MS = 250; // half of how often a process looks at its parts

if (parentPort === null) throw new Error("this file runs in a worker thread: see createDetectorWorker");
const parent = parentPort;
const start: WorkerStart = workerData;
const context = createContext({ service: "detector", logLevel: start.logLevel });

try {
  const rules = new RuleDirectory(start.places);
  const log = await connectLog(start.port);
  const verdictKey =
    start.verdictKey === null ? undefined : signingKeyFromPem(start.verdictKey, "the detector's key");
  const detector = createDetector({ log, rules, context, verdictKey });
  await detector.start();
  const tellHealth = (): void => tell({ type: "health", health: detector.health() });
  tellHealth();
  const timer = setInterval(tellHealth, HEALTH_EVERY_MS);

  parent.on("message", (message: ToWorker) => {
    if (message.type === "metrics") void tellMetrics();
    else if (message.type === "reload") void detector.reload();
    else void stop();
  });

  const stop = async (): Promise<void> => {
    clearInterval(timer);
    await detector.stop();
    await log.close();
    await context.close();
    parent.close(); // the last thing that keeps the thread alive
  };
} catch (error) {
  tell({
    type: "failed",
    code: error instanceof TriplineError ? error.code : "TRIPLINE_DETECTOR_FAILED",
    message: error instanceof Error ? error.message : String(error),
  });
  start.port.close();
  await context.close();
  parent.close();
}

async function tellMetrics(): Promise<void> {
  tell({ type: "metrics", text: await context.metrics.metrics() });
}

function tell(message: FromWorker): void {
  parent.postMessage(message);
}
