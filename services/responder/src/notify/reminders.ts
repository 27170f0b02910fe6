import { type Incident, isRetriable, TOPICS } from "@tripline/events";
import { type Notification, type Notifier, notificationOf } from "@tripline/response";
import type { ServiceContext } from "@tripline/service";
import type { Log } from "@tripline/stream";
import type { ToldIncidents } from "./told-incidents.ts";

export interface RemindersOptions {
  /** As configured now. */
  notifier(): Notifier;
  context: Pick<ServiceContext, "logger">;
  publicUrl(): string;
  signal: AbortSignal;
  log: Pick<Log, "committed">;
  /** The queue's consumer group. */
  group: string;
}

/** What the notifier was told of in one partition: `open`, as of all records before `position`. */
type Told = Pick<ToldIncidents, "open" | "position">;

/** Tells a notifier that forgets, again and again, what is open of all that it was told. */
export class Reminders {
  readonly #options: RemindersOptions;
  readonly #partitions = new Map<number, Told>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RemindersOptions) {
    this.#options = options;
  }

  /** Takes one partition, in place of what was known of it; the function it returns takes it away. */
  add(partition: number, told: Told): () => void {
    this.#partitions.set(partition, told);
    return () => {
      if (this.#partitions.get(partition) === told) this.#partitions.delete(partition);
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
    const { notifier, signal, context } = this.#options;
    const { reminder, name } = notifier();
    const open = await this.#open();
    if (reminder === undefined || open.length === 0) return;
    const outcome = await reminder.tell(open, signal);
    if (outcome.kind === "delivered" || signal.aborted) return;
    const { reason } = outcome;
    context.logger.warn({ notifier: name, reason }, "a notifier was not reminded of what is open");
  }

  async #open(): Promise<Notification[]> {
    try {
      const url = this.#options.publicUrl();
      return (await this.#ours()).flatMap((incident) => notificationOf(incident, url) ?? []);
    } catch (error) {
      if (!isRetriable(error)) throw error;
      return []; // the log does not answer now; the next time comes soon
    }
  }

  /** Without partitions that another has taken further meanwhile: what was open then may be over. */
  async #ours(): Promise<Incident[]> {
    const { log, group } = this.#options;
    const known = [...this.#partitions].map(([partition, told]) => ({ partition, told, open: told.open() }));
    if (known.every(({ open }) => open.length === 0)) return [];
    const committed = await log.committed(TOPICS.incidents, group);
    return known.flatMap(({ partition, told, open }) =>
      (committed.get(partition)?.offset ?? 0) <= told.position ? open : [],
    );
  }
}
