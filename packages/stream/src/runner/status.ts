import type { TriplineError } from "@tripline/events";
import type { RunnerHealth, RunnerOptions } from "./hooks.ts";

/** What the runner is doing, for health, log and hooks. */
export class RunnerStatus {
  readonly #options: RunnerOptions;
  readonly #troubles = new Map<string, string>();
  #state: "starting" | "ready" | "failed" | "stopped" = "starting";
  #failure = "";

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  started(): void {
    this.#state = "ready";
  }

  stopped(): void {
    if (this.#state !== "failed") this.#state = "stopped";
  }

  failed(error: unknown): void {
    this.#state = "failed";
    this.#failure = describe(error);
    this.#options.logger?.warn(
      { step: this.#options.name, error: this.#failure },
      "the step has ended with an error",
    );
  }

  retrying(trouble: { what: string; error: TriplineError; attempt: number; delayMs: number }): void {
    const { what, error, attempt, delayMs } = trouble;
    const { name, hooks, logger } = this.#options;
    this.#troubles.set(what, `${what}: ${describe(error)} (attempt ${attempt})`);
    logger?.warn({ step: name, what, code: error.code, attempt, delay_ms: delayMs }, "waiting to try again");
    hooks?.onRetry?.({ name, what, code: error.code, attempt, delayMs });
  }

  recovered(what: string): void {
    this.#troubles.delete(what);
  }

  health(): RunnerHealth {
    if (this.#state === "failed") return { state: "failed", detail: this.#failure };
    const [trouble] = this.#troubles.values();
    if (this.#state === "ready" && trouble !== undefined) return { state: "degraded", detail: trouble };
    return { state: this.#state };
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return "unknown error";
  return "code" in error ? `${String(error.code)}: ${error.message}` : `${error.name}: ${error.message}`;
}
