/** What the health of a part says. `starting` and `failed` make the process not ready; `degraded` is ready but worth a look. */
export interface PartHealth {
  state: "starting" | "ready" | "degraded" | "failed" | "stopped";
  /** What is the matter, for an operator; no secret, no captured text. */
  detail?: string;
}

/** A piece of a process with a life of its own. Started in order, stopped in reverse order, each once. */
export interface Part {
  readonly name: string;
  /** Resolves when the part does its work; rejects when it can't. */
  start(): Promise<void>;
  /** Finishes what is in hand and lets go of everything; also called when `start` was rejected or is not done. */
  stop(): Promise<void>;
  health(): PartHealth;
}
