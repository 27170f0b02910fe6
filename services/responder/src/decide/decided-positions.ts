import { once } from "node:events";
import { TOPICS } from "@tripline/events";
import type { Log } from "@tripline/stream";

const WAIT_MS = 500; // a decision takes milliseconds; only one that another responder makes is asked for after this

/** How far the alerts are decided, so that nobody is told about an alert before it is known what was done. */
export class DecidedPositions {
  readonly #next = new Map<number, number>();
  readonly #changed = new EventTarget();
  readonly #log: Log;
  readonly #group: string;

  constructor(log: Log, group: string) {
    this.#log = log;
    this.#group = group;
  }

  /** Everything before `next` in this partition is decided. */
  advance(partition: number, next: number): void {
    if (next <= this.#decided(partition)) return;
    this.#next.set(partition, next);
    this.#changed.dispatchEvent(new Event("advance"));
  }

  /** Whether the record at `offset` is decided, by this process or another; waits a moment for it. */
  async reached(partition: number, offset: number): Promise<boolean> {
    const signal = AbortSignal.timeout(WAIT_MS);
    while (this.#decided(partition) <= offset && !signal.aborted) {
      await once(this.#changed, "advance", { signal }).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
    }
    if (this.#decided(partition) > offset) return true;
    const committed = await this.#log.committed(TOPICS.alerts, this.#group);
    this.advance(partition, committed.get(partition)?.offset ?? 0);
    return this.#decided(partition) > offset;
  }

  #decided(partition: number): number {
    return this.#next.get(partition) ?? 0;
  }
}
