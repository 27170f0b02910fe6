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
  #failing: { since: number; reason: string } | undefined;
  /** id of a notification -> since when it fails by itself; of each partition at most one */
  readonly #struggling = new Map<string, number>();

  /** @param now ms since the epoch */
  constructor(now: () => number) {
    this.#now = now;
  }

  get failures(): number {
    return this.#failures;
  }

  /** Since when (ms since the epoch) every attempt failed, and why the last one did; undefined while they do not. */
  get failing(): { since: number; reason: string } | undefined {
    return this.#failing;
  }

  /** @throws TriplineError retriable while it is too early to try */
  checkWait(notifier: string): void {
    if (this.#now() < this.#notBefore)
      throw unreached(notifier, this.#failing?.reason ?? "it asked for patience");
  }

  /** Whether this notification has failed for long enough by itself. */
  isExhausted(notificationId: string, outcome: Retry): boolean {
    if (outcome.about === "receiver") return false;
    const since = this.#struggling.get(notificationId) ?? this.#now();
    this.#struggling.set(notificationId, since);
    return this.#now() - since >= NOTIFICATION_PATIENCE_MS;
  }

  /** The error that says so, after noting that it failed once more. Waits what the receiver asked for, else twice as long each time. */
  failed(notifier: string, outcome: Retry): TriplineError {
    const waitMs = Math.max(outcome.afterMs ?? 0, Math.min(FIRST_WAIT_MS * 2 ** this.#failures, MAX_WAIT_MS));
    this.#failures += 1;
    this.#notBefore = this.#now() + waitMs;
    this.#fails(outcome.reason);
    return unreached(notifier, outcome.reason);
  }

  /** It answered, and will not take this notification: others may go through. */
  refused(notificationId: string, reason: string): void {
    this.#goesOn(notificationId);
    this.#fails(reason);
  }

  succeeded(notificationId: string): void {
    this.#goesOn(notificationId);
    this.#failing = undefined;
  }

  /** The settings changed: what failed before may work now. */
  tryNow(): void {
    this.#notBefore = 0;
  }

  #fails(reason: string): void {
    this.#failing = { since: this.#failing?.since ?? this.#now(), reason };
  }

  #goesOn(notificationId: string): void {
    this.#failures = 0;
    this.#notBefore = 0;
    this.#struggling.delete(notificationId);
  }
}

function unreached(notifier: string, reason: string): TriplineError {
  return new TriplineError("TRIPLINE_NOTIFIER_UNREACHED", `notifier ${notifier}: ${reason}`, {
    kind: "retriable",
  });
}
