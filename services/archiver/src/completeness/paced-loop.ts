import { setTimeout as delay } from "node:timers/promises";
import { isRetriable, TriplineError } from "@tripline/events";
import type { ServiceContext } from "@tripline/service";

export interface PacedLoopOptions {
  /** For the log, e.g. `looking for gaps`. */
  what: string;
  everyMs: number;
  /**
   * Of all time, how much the work may take where the process has nothing else to do: what it examines is not what anybody
   * waits for. The busier the process, the less, down to a tenth of it.
   */
  share: number;
  logger: ServiceContext["logger"];
}

const LEAST_OF_SHARE = 0.1; // what is examined late is examined

/** Awaited between two pieces of work: waits so long that the share is kept. Rejects when the loop is being closed. */
export type Pause = () => Promise<void>;

/** Does `work` again and again, within its share of the time, until it is closed. */
export class PacedLoop {
  readonly #options: PacedLoopOptions;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #trouble: string | null = null;
  #began = 0;
  #loop = performance.eventLoopUtilization();

  constructor(options: PacedLoopOptions, work: (pause: Pause, signal: AbortSignal) => Promise<void>) {
    this.#options = options;
    this.#running = this.#run(work);
  }

  /** What keeps it from working, in words; null when nothing does. */
  get trouble(): string | null {
    return this.#trouble;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(work: (pause: Pause, signal: AbortSignal) => Promise<void>): Promise<void> {
    const { everyMs, logger, what } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      this.#began = performance.now();
      try {
        await work(() => this.#pause(), signal);
        this.#trouble = null;
      } catch (error) {
        // It starts again where it was: nothing is done before it is said, and nothing is said twice.
        if (!signal.aborted) {
          const code = error instanceof TriplineError ? error.code : "unknown";
          this.#trouble = `${what} failed (${code}); trying again`;
          logger[isRetriable(error) ? "warn" : "error"]({ err: error }, this.#trouble);
        }
      }
      await this.#sleep(everyMs);
    }
  }

  async #pause(): Promise<void> {
    const worked = performance.now() - this.#began;
    const { utilization } = performance.eventLoopUtilization(this.#loop);
    this.#loop = performance.eventLoopUtilization();
    const share = this.#options.share * Math.max(LEAST_OF_SHARE, 1 - utilization);
    await this.#sleep(worked * (1 / share - 1));
    this.#stop.signal.throwIfAborted();
    this.#began = performance.now();
  }

  async #sleep(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#stop.signal, ref: false }).catch((error: unknown) => {
      if (!this.#stop.signal.aborted) throw error;
    });
  }
}
