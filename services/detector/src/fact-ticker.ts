import { setTimeout as delay } from "node:timers/promises";
import { isRetriable, type Tick, TOPICS } from "@tripline/events";
import type { ServiceContext } from "@tripline/service";
import type { Log } from "@tripline/stream";
import { PATIENCE_MS } from "./pending-facts.ts";

const LOOK_EVERY_MS = 250; // how often facts that wait are looked for
const ASK_EVERY_MS = 100; // how often the first stage's commits are, until they are far enough

type TickedLog = Pick<Log, "offsets" | "committed" | "produce">;

/** A partition of the facts topic that this process owns. */
export interface TickedPartition {
  partition: number;
  /** The time of the fact that is next; null when none waits. */
  earliest(): number | null;
  /** The latest append time of a record that it has read, by the log's clock; null before the first. */
  newestAppend(): number | null;
}

/**
 * Tells the second stage, through ticks in the facts topic itself, how far the first stage has come: only then can facts
 * that wait be judged in their order. What is released by a tick depends on nothing but the topic's own records, so that
 * after a crash the same is released again.
 *
 * A tick is true whoever writes it, and however late: the first stage had committed all of the events topic as it was at
 * the tick's time, and facts are durable before that commit. Written only while facts wait.
 */
export class FactTicker {
  readonly #log: TickedLog;
  readonly #group: string;
  readonly #logger: ServiceContext["logger"];
  readonly #elapsedMs: () => number;
  readonly #partitions = new Map<TickedPartition, { ticked: number }>();
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  /** A moment of the log's clock, and of this process's when it was seen: the log's is at least so much later now. */
  #seen: { append: number; at: number } | null = null;
  failure: unknown = null;

  /**
   * @param options.group the first stage's consumer group
   * @param options.elapsedMs a clock that no one sets, and that runs no faster than the log's; default the process's
   */
  constructor(options: {
    log: TickedLog;
    group: string;
    logger: ServiceContext["logger"];
    elapsedMs?: (() => number) | undefined;
  }) {
    this.#elapsedMs = options.elapsedMs ?? (() => performance.now());
    this.#log = options.log;
    this.#group = options.group;
    this.#logger = options.logger;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  add(partition: TickedPartition): void {
    this.#partitions.set(partition, { ticked: Number.NEGATIVE_INFINITY });
  }

  remove(partition: TickedPartition): void {
    this.#partitions.delete(partition);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#tick();
      } catch (error) {
        if (signal.aborted) return;
        if (!isRetriable(error)) {
          this.failure = error;
          return;
        }
        this.#logger.warn(
          { error: String(error) },
          "facts wait: how far the first stage is can't be told now",
        );
      }
      await delay(LOOK_EVERY_MS, undefined, { signal, ref: false }).catch(whenStopped);
    }
  }

  async #tick(): Promise<void> {
    const before = this.#logTime();
    if (before === null || this.#due(before).length === 0) return;
    const ends = await this.#log.offsets(TOPICS.events);
    for (;;) {
      const committed = await this.#log.committed(TOPICS.events, this.#group);
      const isThere = ends.every(
        ({ partition, earliest, next }) => (committed.get(partition)?.offset ?? earliest) >= next,
      );
      if (isThere) break;
      await delay(ASK_EVERY_MS, undefined, { signal: this.#stop.signal, ref: false });
    }
    const due = this.#due(before);
    if (due.length === 0) return;
    const tick: Tick = { v: 1, type: "tick", before };
    const value = new TextEncoder().encode(JSON.stringify(tick));
    await this.#log.produce(
      TOPICS.facts,
      due.map(({ partition }) => ({ key: null, value, partition })),
    );
    for (const partition of due) this.#partitions.set(partition, { ticked: before });
  }

  /** Partitions with a fact that could go on if the first stage had come as far as `before`, and no tick that says so. */
  #due(before: number): TickedPartition[] {
    return [...this.#partitions].flatMap(([partition, { ticked }]) => {
      const earliest = partition.earliest();
      if (earliest === null) return [];
      const from = earliest + PATIENCE_MS;
      return from <= before && from > ticked ? [partition] : [];
    });
  }

  /** The log's clock, or somewhat less; null while nothing was read of it. */
  #logTime(): number | null {
    const now = this.#elapsedMs();
    let time = this.#seen === null ? null : this.#seen.append + (now - this.#seen.at);
    for (const partition of this.#partitions.keys()) {
      const append = partition.newestAppend();
      if (append === null || (time !== null && append <= time)) continue;
      this.#seen = { append, at: now };
      time = append;
    }
    return time === null ? null : Math.floor(time);
  }
}

/** The pause was cut short because the ticker stops: there is nothing more to do. */
function whenStopped(error: unknown): void {
  if (!(error instanceof Error && error.name === "AbortError")) throw error;
}
