import { TriplineError } from "@tripline/events";
import type { NotifyOutcome } from "@tripline/response";

type Retry = NotifyOutcome & { kind: "retry" };

const FIRST_WAIT_MS = 1000;
const MAX_WAIT_MS = 60_000; // how long a receiver that is up again may go unnoticed
// A receiver that answers, but fails on this very notification, must not keep the others waiting for longer.
const NOTIFICATION_PATIENCE_MS = 5 * 60_000;

/** When a receiver may be tried again, and when one notification is given up so that the others get their turn. */
export class Patience {
  readonly #now: () => number;
  #failures = 0;
  #notBefore = 0;
  #reason = "";
  #struggling: { id: string; since: number } | undefined;

  /** @param now ms since the epoch */
  constructor(now: () => number) {
    this.#now = now;
  }

  get failures(): number {
    return this.#failures;
  }

  /** @throws TriplineError retriable while it is too early to try */
  checkWait(webhook: string): void {
    if (this.#now() < this.#notBefore) throw unreached(`webhook ${webhook}: ${this.#reason}`);
  }

  /** Whether this notification has failed for long enough by itself. */
  isExhausted(notificationId: string, outcome: Retry): boolean {
    if (outcome.about === "receiver") return false;
    if (this.#struggling?.id !== notificationId)
      this.#struggling = { id: notificationId, since: this.#now() };
    return this.#now() - this.#struggling.since >= NOTIFICATION_PATIENCE_MS;
  }

  /** The error that says so, after noting that it failed once more. Waits what the receiver asked for, else twice as long each time. */
  failed(webhook: string, outcome: Retry): TriplineError {
    const waitMs = Math.max(outcome.afterMs ?? 0, Math.min(FIRST_WAIT_MS * 2 ** this.#failures, MAX_WAIT_MS));
    this.#failures += 1;
    this.#reason = outcome.reason;
    this.#notBefore = this.#now() + waitMs;
    return unreached(`webhook ${webhook}: ${outcome.reason}`);
  }

  succeeded(): void {
    this.#failures = 0;
    this.#notBefore = 0;
    this.#struggling = undefined;
  }

  /** The settings changed: what failed before may work now. */
  tryNow(): void {
    this.#notBefore = 0;
  }
}

function unreached(message: string): TriplineError {
  return new TriplineError("TRIPLINE_WEBHOOK_UNREACHED", message, { kind: "retriable" });
}
