import { setTimeout as delay } from "node:timers/promises";
import { TriplineError } from "@tripline/events";
import { LedgerError } from "@tripline/ledger";
import type { ServiceContext } from "@tripline/service";

export interface LedgerLoopOptions {
  /** For people: `the ledger of tripline.events/3`. */
  what: string;
  everyMs: number;
  logger: ServiceContext["logger"];
  /** Called for a failure that neither waiting nor opening the log again mends, before each further attempt. */
  onDamage(error: LedgerError): Promise<void>;
  /** Called when nothing could be written for a quarter of an hour, and again each hour. @param forMs how long */
  onBehind(trouble: string, forMs: number): Promise<void>;
  /** Other than a quarter of an hour only for tests. */
  behindAfterMs?: number;
}

const BEHIND_AFTER_MS = 15 * 60_000; // a bucket that is away for minutes comes back; the topic keeps seven days
const BEHIND_AGAIN_MS = 3600_000;

const DAMAGE_AFTER = 10; // failures in a row: a former owner of the log, until it learns that it is none, may collide with this one

/** Does `work` at a steady pace until it is closed. What fails is tried again; said once, until it fails otherwise. */
export class LedgerLoop {
  readonly #options: LedgerLoopOptions;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #trouble: string | null = null;
  #failures = 0;
  /** By the clock that never jumps; null while it works. */
  #failingSince: number | null = null;
  #nextBehind = 0;

  constructor(options: LedgerLoopOptions, work: (signal: AbortSignal) => Promise<void>) {
    this.#options = options;
    this.#running = this.#run(work);
  }

  /** What keeps it from working, in words; null when nothing does. */
  get trouble(): string | null {
    return this.#trouble;
  }

  /** Resolves when no work is under way any more. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const began = performance.now();
      try {
        await work(signal);
        this.#trouble = null;
        this.#failures = 0;
        this.#failingSince = null;
      } catch (error) {
        if (!signal.aborted) await this.#failed(error);
      }
      const pause = Math.max(0, this.#options.everyMs - (performance.now() - began));
      await delay(pause, undefined, { signal, ref: false }).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
    }
  }

  async #failed(error: unknown): Promise<void> {
    const { what, logger, onDamage } = this.#options;
    const known = error instanceof LedgerError || error instanceof TriplineError;
    const trouble = `${what}: ${known ? error.message : "an unexpected error"}`;
    if (trouble !== this.#trouble) {
      const waits = known && error.kind === "retriable";
      logger[waits ? "warn" : "error"]({ err: error }, `${trouble}; trying again`);
      this.#trouble = trouble;
    }
    this.#failures = error instanceof LedgerError && error.kind === "permanent" ? this.#failures + 1 : 0;
    if (error instanceof LedgerError && this.#failures >= DAMAGE_AFTER) {
      await onDamage(error).catch((cause: unknown) => {
        logger.warn({ err: cause }, "the alert about it could not be written; trying again");
      });
    }
    await this.#saySoIfBehind(trouble);
  }

  async #saySoIfBehind(trouble: string): Promise<void> {
    const { logger, onBehind, behindAfterMs = BEHIND_AFTER_MS } = this.#options;
    const now = performance.now();
    if (this.#failingSince === null) {
      this.#failingSince = now;
      this.#nextBehind = now + behindAfterMs;
    }
    if (now < this.#nextBehind) return;
    try {
      await onBehind(trouble, now - this.#failingSince);
      this.#nextBehind = now + BEHIND_AGAIN_MS;
    } catch (cause) {
      logger.warn({ err: cause }, "the alert about it could not be written; trying again");
    }
  }
}
