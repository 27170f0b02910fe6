import { setTimeout as delay } from "node:timers/promises";
import { isRetriable } from "@tripline/events";

const ATTEMPTS = 5;
const PAUSE_MS = 500; // and twice as long each time: a service that is started again is back in seconds

/**
 * Readings of one source, asked for again when a connection breaks or the other side is away for seconds: a verification of millions of
 * records should not begin anew because of it. One that never answered is said at once.
 */
export class AskedAgain {
  readonly #signal: AbortSignal;
  readonly #pauseMs: number;
  #hasAnswered = false;

  constructor(signal: AbortSignal, pauseMs = PAUSE_MS) {
    this.#signal = signal;
    this.#pauseMs = pauseMs;
  }

  /** @throws what the last attempt threw */
  async for<T>(read: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const answer = await read();
        this.#hasAnswered = true;
        return answer;
      } catch (error) {
        const isOver = this.#signal.aborted || attempt === ATTEMPTS || !this.#hasAnswered;
        if (isOver || !isTransient(error)) throw error;
      }
      await delay(this.#pauseMs * 2 ** (attempt - 1), undefined, { signal: this.#signal });
    }
  }
}

/** What a store says is so, and a service that did not answer at all. */
function isTransient(error: unknown): boolean {
  if (isRetriable(error)) return true;
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof TypeError || (cause instanceof Error && cause.name === "TimeoutError");
}
