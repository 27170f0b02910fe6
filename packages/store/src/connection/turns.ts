import { TriplineError } from "@tripline/events";
import { aborted } from "../errors.ts";

const MAX_WAITING = 200; // more readers than this wait longer than they would care for the answer

interface Waiting<T> {
  resolve(item: T): void;
  reject(error: Error): void;
  detach(): void;
}

/** A few things that are used by one at a time each, first come, first served; the queue is bounded. */
export class Turns<T> {
  readonly #free: T[];
  readonly #waiting: Waiting<T>[] = [];

  constructor(items: readonly T[]) {
    this.#free = [...items];
  }

  /** @throws TRIPLINE_STORE_BUSY, TRIPLINE_STORE_ABORTED */
  take(signal: AbortSignal | undefined): Promise<T> {
    if (signal?.aborted) return Promise.reject(aborted());
    const item = this.#free.pop();
    if (item !== undefined) return Promise.resolve(item);
    if (this.#waiting.length >= MAX_WAITING) {
      return Promise.reject(
        new TriplineError(
          "TRIPLINE_STORE_BUSY",
          `more than ${MAX_WAITING} queries are waiting: try again later`,
          { kind: "retriable" },
        ),
      );
    }
    return new Promise<T>((resolve, reject) => {
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(entry), 1);
        reject(aborted());
      };
      const entry = { resolve, reject, detach: () => signal?.removeEventListener("abort", leave) };
      signal?.addEventListener("abort", leave, { once: true });
      this.#waiting.push(entry);
    });
  }

  give(item: T): void {
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.#free.push(item);
      return;
    }
    next.detach();
    next.resolve(item);
  }

  /** Turns away all who wait. */
  end(error: Error): void {
    for (const entry of this.#waiting.splice(0)) {
      entry.detach();
      entry.reject(error);
    }
  }
}
