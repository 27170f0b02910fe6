import { once } from "node:events";
import { MessageChannel, Worker } from "node:worker_threads";
import { TriplineError } from "@tripline/events";
import type { SigningKey } from "@tripline/response";
import {
  LOG_LEVELS,
  type LogLevel,
  type Part,
  type PartHealth,
  type ServiceContext,
} from "@tripline/service";
import { type Log, serveLog } from "@tripline/stream";
import { onReloadSignal } from "./rules/reload-signal.ts";
import type { RulePlaces } from "./rules/rule-directory.ts";
import type { FromWorker, ToWorker, WorkerStart } from "./worker-messages.ts";

const YOUNG_GENERATION_MB = 96; // a batch and what judging it makes die young; the default of 48 promotes much of it
const METRICS_TIMEOUT_MS = 2000; // a busy batch takes far less; a scrape must not hang on a dead thread

export interface DetectorWorkerDeps {
  log: Log;
  context: Pick<ServiceContext, "logger">;
  /** An operator's own files. */
  places?: RulePlaces;
  /** Signs verdicts on calls that wait for one. Default: none is given. */
  verdictKey?: SigningKey | undefined;
}

/**
 * The detector in a thread of its own, over this thread's log. When the thread dies, the part has failed and the process
 * should end: what it had in hand is done again at the next start.
 */
export function createDetectorWorker(deps: DetectorWorkerDeps): Part & {
  /** The thread's metrics in Prometheus' text form, for `operatorRoutes`. */
  metrics(): Promise<string>;
} {
  let worker: Worker | null = null;
  let served: ReturnType<typeof serveLog> | null = null;
  let health: PartHealth = { state: "starting" };
  let stopping = false;
  let stopListening = (): void => undefined;

  function failed(error: unknown): TriplineError {
    const message = error instanceof Error ? error.message : String(error);
    if (!stopping && health.state !== "failed") health = { state: "failed", detail: message };
    return error instanceof TriplineError
      ? error
      : new TriplineError("TRIPLINE_DETECTOR_FAILED", `the detector's thread failed: ${message}`, {
          cause: error,
        });
  }

  async function start(): Promise<void> {
    const { port1, port2 } = new MessageChannel();
    served = serveLog(deps.log, port1);
    const workerData: WorkerStart = {
      port: port2,
      logLevel: levelOf(deps.context.logger.level),
      places: deps.places ?? {},
      verdictKey: deps.verdictKey?.privateKey.export({ type: "pkcs8", format: "pem" }).toString() ?? null,
    };
    const thread = new Worker(new URL("./worker.ts", import.meta.url), {
      workerData,
      transferList: [port2],
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    worker = thread;
    const first = Promise.withResolvers<void>();
    thread.on("message", (message: FromWorker) => {
      if (message.type === "health") {
        if (message.health.state === "stopped" && !stopping) failed(new Error("the log it reads was closed"));
        else health = message.health;
        first.resolve();
      } else if (message.type === "failed") first.reject(failed(startError(message)));
    });
    thread.on("error", (error: unknown) => first.reject(failed(error)));
    thread.on("exit", () => {
      if (!stopping) first.reject(failed(new Error("it has ended")));
    });
    await first.promise;
    stopListening = onReloadSignal(() => post(thread, { type: "reload" }));
  }

  return {
    name: "detector",
    start,
    async stop() {
      stopping = true;
      stopListening();
      if (worker !== null && worker.threadId !== NO_THREAD) {
        const ended = once(worker, "exit");
        post(worker, { type: "stop" });
        await ended;
      }
      await served?.close();
      health = { state: "stopped" };
    },
    health: () => health,
    async metrics() {
      if (worker === null || worker.threadId === NO_THREAD) return "";
      return askMetrics(worker);
    },
  };
}

const NO_THREAD = -1; // a worker's threadId once it has ended

function startError({ code, message }: { code: string; message: string }): TriplineError {
  return new TriplineError(
    code.startsWith("TRIPLINE_") ? `TRIPLINE_${code.slice("TRIPLINE_".length)}` : "TRIPLINE_DETECTOR_FAILED",
    message,
  );
}

function askMetrics(worker: Worker): Promise<string> {
  return new Promise((resolve) => {
    const done = (text: string): void => {
      clearTimeout(timer);
      worker.off("message", listen);
      resolve(text);
    };
    const listen = (message: FromWorker): void => {
      if (message.type === "metrics") done(message.text);
    };
    const timer = setTimeout(() => done(""), METRICS_TIMEOUT_MS);
    worker.on("message", listen);
    post(worker, { type: "metrics" });
  });
}

function post(worker: Worker, message: ToWorker): void {
  worker.postMessage(message);
}

function levelOf(level: string): LogLevel {
  return LOG_LEVELS.find((known) => known === level) ?? "info";
}
