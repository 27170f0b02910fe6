import type { Incident } from "@tripline/events";
import { type Notifier, notificationOf } from "@tripline/response";
import type { ServiceContext } from "@tripline/service";

export interface RemindersOptions {
  /** As configured now. */
  notifier(): Notifier;
  context: Pick<ServiceContext, "logger">;
  publicUrl(): string;
  signal: AbortSignal;
}

/** Tells a notifier that forgets, again and again, what is open of all that it was told. */
export class Reminders {
  readonly #options: RemindersOptions;
  readonly #partitions = new Set<() => Incident[]>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RemindersOptions) {
    this.#options = options;
  }

  /** Takes the open incidents of one partition; the function it returns takes them away. */
  add(open: () => Incident[]): () => void {
    this.#partitions.add(open);
    return () => {
      this.#partitions.delete(open);
    };
  }

  start(): void {
    const { reminder } = this.#options.notifier();
    if (reminder === undefined) return;
    this.#timer = setTimeout(async () => {
      await this.#remind();
      if (!this.#options.signal.aborted) this.start();
    }, reminder.everyMs);
    this.#timer.unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#partitions.clear();
  }

  async #remind(): Promise<void> {
    const { notifier, publicUrl, signal, context } = this.#options;
    const { reminder, name } = notifier();
    const open = [...this.#partitions].flatMap((partition) =>
      partition().flatMap((incident) => notificationOf(incident, publicUrl()) ?? []),
    );
    if (reminder === undefined || open.length === 0) return;
    const outcome = await reminder.tell(open, signal);
    if (outcome.kind !== "delivered" && !signal.aborted) {
      context.logger.warn(
        { notifier: name, reason: outcome.reason },
        "a notifier was not reminded of what is open",
      );
    }
  }
}
