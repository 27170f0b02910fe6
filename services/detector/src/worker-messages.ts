import type { MessagePort } from "node:worker_threads";
import type { LogLevel, PartHealth } from "@tripline/service";
import type { RulePlaces } from "./rules/rule-directory.ts";

/** What passes between the detector's thread and the one that started it. Both are this code in one process. */

/** `workerData` of the thread. */
export interface WorkerStart {
  /** To the log, see `serveLog`. */
  port: MessagePort;
  /** An operator's own files. */
  places: RulePlaces;
  logLevel: LogLevel;
  /** PKCS#8 PEM of the key that signs verdicts; null: none are given. */
  verdictKey: string | null;
}

export type ToWorker = { type: "stop" } | { type: "metrics" } | { type: "reload" };

export type FromWorker =
  | { type: "health"; health: PartHealth }
  | { type: "metrics"; text: string }
  /** It could not start. */
  | { type: "failed"; code: string; message: string };
