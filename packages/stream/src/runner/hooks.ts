import type { Log } from "../log.ts";

/** What the runner tells those who watch it. Metrics and traces are wired by the caller; nothing here may throw. */
export interface RunnerHooks {
  /** One batch (or range) was done, effects and all. `seconds` counts from its arrival. */
  onBatch?(batch: { name: string; topic: string; partition: number; records: number; seconds: number }): void;
  /** `reason` only for `skip` and `reject`. */
  onOutcome?(outcome: { name: string; kind: "emit" | "skip" | "reject"; reason?: string }): void;
  /**
   * `bytes` that one snapshot wrote, `seconds` until they were durable, how long encoding them took in all and how long
   * the longest time was that it held the thread.
   */
  onSnapshot?(snapshot: {
    name: string;
    partition: number;
    bytes: number;
    seconds: number;
    encodingSeconds: number;
    longestSeconds: number;
  }): void;
  /** A retriable error; the runner waits `delayMs` and tries again. */
  onRetry?(retry: { name: string; what: string; code: string; attempt: number; delayMs: number }): void;
}

/** A logger as pino has it. */
export interface RunnerLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** As `PartHealth` of packages/service. */
export interface RunnerHealth {
  state: "starting" | "ready" | "degraded" | "failed" | "stopped";
  detail?: string;
}

export interface PartitionLag {
  partition: number;
  /** Records behind the committed offset. */
  lag: number;
}

/** A running step or sink. */
export interface RunnerHandle {
  /** Resolves after `close()`; rejects with the error that ended the runner: restart the process clean. */
  readonly ended: Promise<void>;
  health(): RunnerHealth;
  /** For each partition of the topic, whoever owns it. */
  lag(): Promise<PartitionLag[]>;
  /** Finishes the running batches, takes a last snapshot, commits, and leaves the group. */
  close(): Promise<void>;
}

/** What steps and sinks have in common. */
export interface RunnerOptions {
  log: Log;
  /** Names the processor in state keys, dead letters and metrics: lower-case letters, digits, '-'. Never change it. */
  name: string;
  topic: string;
  /** Default: the name. */
  group?: string;
  /** Default `tripline.dead-letters`. The caller has created it. */
  deadLetterTopic?: string;
  maxBatchRecords?: number;
  maxBatchBytes?: number;
  hooks?: RunnerHooks;
  logger?: RunnerLogger;
}
