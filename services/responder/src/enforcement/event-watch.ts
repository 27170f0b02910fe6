import { TOPICS } from "@tripline/events";
import { histogram, type ServiceContext } from "@tripline/service";
import { type Log, type PartitionStep, type RunnerHandle, runStep } from "@tripline/stream";
import type { AppliedBy } from "./applied.ts";
import type { InFlightCall, Target } from "./in-flight.ts";
import type { Interceptor } from "./interceptors.ts";
import { type News, PartitionWatch } from "./partition-watch.ts";
import type { SeenDecision } from "./seen-decisions.ts";
import { startNearEnd } from "./start-near-end.ts";

export const WATCH_GROUP = "responder-watch";

/** Small, so that an alert that comes meanwhile waits for well under a millisecond. */
const MAX_BATCH_RECORDS = 200;
const NOTHING_TO_DO = { kind: "skip", reason: "watched" } as const;

export interface EventWatchOptions {
  log: Log;
  context: ServiceContext;
  onNews?: ((news: News) => void) | undefined;
  /** After each batch, with the seconds it took. */
  onBatch?: ((seconds: number) => void) | undefined;
}

/**
 * What this process knows of the events topic: of all of it, or with several responders on one Kafka of the partitions that it was given.
 * Its state is written every half minute and read again after a restart, so that nothing has to be learned anew.
 */
export class EventWatch {
  readonly #options: EventWatchOptions;
  readonly #partitions = new Map<number, PartitionWatch>();
  readonly #batchSeconds;
  #partitionCount = 1;
  #assignments = 0;
  #handle: RunnerHandle | undefined;

  constructor(options: EventWatchOptions) {
    this.#options = options;
    this.#batchSeconds = histogram(options.context.metrics, {
      name: "tripline_responder_watch_batch_seconds",
      help: "Time to look at a batch of records of the events topic; of the same thread that decides",
    });
  }

  async start(): Promise<void> {
    const { log, context } = this.#options;
    this.#partitionCount = await log.partitionCount(TOPICS.events);
    await startNearEnd(log, TOPICS.events, WATCH_GROUP);
    this.#handle = await runStep({
      log,
      name: WATCH_GROUP,
      topic: TOPICS.events,
      maxBatchRecords: MAX_BATCH_RECORDS,
      logger: context.logger,
      hooks: {
        onBatch: ({ seconds }) => {
          this.#batchSeconds.observe(seconds);
          this.#options.onBatch?.(seconds);
        },
      },
      open: ({ partition }) => this.#open(partition),
    });
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#partitions.clear();
  }

  get handle(): RunnerHandle | undefined {
    return this.#handle;
  }

  /** Whether this process reads all of the topic. */
  get whole(): boolean {
    return this.#partitions.size === this.#partitionCount;
  }

  /** Grows whenever this process is given a partition: what it knew of the trail before may not be all. */
  get assignments(): number {
    return this.#assignments;
  }

  /** Whether what one responder of several has to do is this one's: it has the first partition. */
  get leads(): boolean {
    return this.#partitions.has(0);
  }

  /** Calls under way that the revocation is about, oldest first, at most 50; only those announced by an intent. */
  inFlight(target: Target): InFlightCall[] {
    const now = this.#options.context.now();
    return this.#all()
      .flatMap((watch) => watch.inFlight.of(target, now))
      .slice(0, 50);
  }

  /**
   * How many of the tenant's keys were used in the last 24 hours. Where other responders have partitions too, what is seen here stands
   * for them: keys are spread evenly.
   */
  activeKeys(tenant: string): number {
    const owned = this.#partitions.size;
    if (owned === 0) return 0;
    const now = this.#options.context.now();
    const seen = this.#all().reduce((sum, watch) => sum + watch.activeKeys.count(tenant, now), 0);
    return Math.round((seen * this.#partitionCount) / owned);
  }

  /** Interceptors of the tenant that were heard and have not said goodbye, those that a crash left behind excepted. */
  interceptors(tenant: string): Interceptor[] {
    return this.#all().flatMap((watch) =>
      watch.interceptors.of(tenant).filter((boot) => !watch.interceptors.isReplaced(boot)),
    );
  }

  /** An interceptor that is still there; undefined when it said goodbye, or its producer started anew. */
  interceptor(tenant: string, name: string): Interceptor | undefined {
    for (const { interceptors } of this.#all()) {
      const boot = interceptors.get(`${tenant}/${name}`);
      if (boot !== undefined) return interceptors.isReplaced(boot) ? undefined : boot;
    }
    return undefined;
  }

  /** By `producer/boot`. */
  applied(tenant: string, revocationId: string): Map<string, AppliedBy> {
    return new Map(this.#all().flatMap((watch) => [...watch.applied.of(tenant, revocationId)]));
  }

  decisions(tenant: string, revocationId: string): SeenDecision[] {
    return this.#all().flatMap((watch) => watch.decisions.of(tenant, revocationId));
  }

  /** Whether all that is in the partitions of this process now was looked at. Asks the log. */
  async caughtUp(): Promise<boolean> {
    if (this.#partitions.size === 0) return false;
    const offsets = await this.#options.log.offsets(TOPICS.events);
    return offsets.every(({ partition, earliest, next }) => {
      const watch = this.#partitions.get(partition);
      return watch === undefined || watch.next >= next || next === earliest;
    });
  }

  #all(): PartitionWatch[] {
    return [...this.#partitions.values()];
  }

  #open(partition: number): PartitionStep {
    const watch = new PartitionWatch();
    this.#partitions.set(partition, watch);
    this.#assignments += 1;
    return {
      process: (record) => {
        const news = watch.take(record);
        if (news !== null) this.#options.onNews?.(news);
        return NOTHING_TO_DO;
      },
      snapshot: () => watch.snapshot(),
      restore: (bytes) => watch.restore(bytes),
      onLost: () => {
        if (this.#partitions.get(partition) === watch) this.#partitions.delete(partition);
      },
    };
  }
}

/** `producer/boot`, as records name an interceptor. */
export function interceptorName(boot: { producer: string; boot: string }): string {
  return `${boot.producer}/${boot.boot}`;
}
