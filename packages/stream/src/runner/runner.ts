import { TOPICS } from "@tripline/events";
import { hasCode, streamError } from "../errors.ts";
import { recordBytes } from "../limits.ts";
import type { Assignment, LogRecord, NewRecord, PartitionReader } from "../log.ts";
import { deadLetter } from "./dead-letter.ts";
import type { RunnerHandle, RunnerOptions } from "./hooks.ts";
import { GaveUp, retrying } from "./retry.ts";
import { RunnerStatus } from "./status.ts";

const PRODUCE_BYTES = 4 * 1024 * 1024; // what one produce call carries at most, so that a big batch stays bounded

/** What steps and sinks share: the consumer, retries, dead letters, health, closing. */
export class Runner {
  readonly options: RunnerOptions;
  readonly status: RunnerStatus;
  readonly #stop = new AbortController();
  readonly #failed = Promise.withResolvers<never>();

  constructor(options: RunnerOptions) {
    if (!/^[a-z0-9-]{1,60}$/.test(options.name)) {
      throw streamError(
        "TRIPLINE_STREAM_CONFIG",
        `"${options.name}" can't name a step: use up to 60 lower-case letters, digits or '-'`,
      );
    }
    this.options = options;
    this.status = new RunnerStatus(options);
    this.#failed.promise.catch(() => undefined); // reported by `ended`
  }

  get stopping(): boolean {
    return this.#stop.signal.aborted;
  }

  /** Aborted when this partition's work should be given up. */
  signalFor(assignment: Assignment): AbortSignal {
    return AbortSignal.any([this.#stop.signal, assignment.signal]);
  }

  /** Ends the runner with an error that came up outside of a batch. */
  fail(error: unknown): void {
    this.#failed.reject(error);
  }

  async start(onAssigned: (assignment: Assignment) => Promise<PartitionReader>): Promise<RunnerHandle> {
    const { log, topic, name, group = name, maxBatchRecords, maxBatchBytes } = this.options;
    const consumer = await log.consume({
      topic,
      group,
      ...(maxBatchRecords === undefined ? {} : { maxBatchRecords }),
      ...(maxBatchBytes === undefined ? {} : { maxBatchBytes }),
      onAssigned: (assignment) => this.#quiet(() => onAssigned(assignment), IDLE_READER),
    });
    this.status.started();
    const ended = Promise.race([consumer.ended, this.#failed.promise]).then(
      () => this.status.stopped(),
      async (error: unknown) => {
        this.status.failed(error);
        this.#stop.abort();
        await consumer.close();
        throw error;
      },
    );
    ended.catch(() => undefined); // whoever cares awaits `ended`; it must not end the process by itself
    return {
      ended,
      health: () => {
        const health = this.status.health();
        const trouble = consumer.trouble?.() ?? null;
        return health.state === "ready" && trouble !== null ? { state: "degraded", detail: trouble } : health;
      },
      lag: async () => {
        const [offsets, committed] = await Promise.all([log.offsets(topic), log.committed(topic, group)]);
        return offsets.map(({ partition, earliest, next }) => ({
          partition,
          lag: Math.max(0, next - (committed.get(partition)?.offset ?? earliest)),
        }));
      },
      close: async () => {
        this.#stop.abort();
        await consumer.close();
        await ended.catch(() => undefined); // reported by `ended`
      },
    };
  }

  /** Runs work on a batch; returns false when it was given up because the partition was lost or the runner closes. */
  batch(work: () => Promise<void>): Promise<boolean> {
    return this.#quiet(() => work().then(() => true), false);
  }

  retrying<T>(what: string, signal: AbortSignal, attempt: () => T | Promise<T>): Promise<T> {
    return retrying(what, attempt, this.status, signal);
  }

  async produce(topic: string, records: readonly NewRecord[], signal: AbortSignal): Promise<void> {
    for (let first = 0; first < records.length; ) {
      let end = first;
      for (let bytes = 0; end < records.length && (end === first || bytes < PRODUCE_BYTES); end++) {
        const record = records[end];
        if (record !== undefined) bytes += recordBytes(record);
      }
      const part = records.slice(first, end);
      await this.retrying(`producing to ${topic}`, signal, () => this.options.log.produce(topic, part));
      first = end;
    }
  }

  async deadLetters(
    rejected: readonly { record: LogRecord; reason: string }[],
    signal: AbortSignal,
  ): Promise<void> {
    const { name, deadLetterTopic = TOPICS.deadLetters, hooks, logger } = this.options;
    const letters = rejected.map(({ record, reason }) => deadLetter(record, name, reason));
    await this.produce(deadLetterTopic, letters, signal);
    for (const { record, reason } of rejected) {
      const { topic, partition, offset } = record;
      hooks?.onOutcome?.({ name, kind: "reject", reason });
      logger?.warn({ step: name, topic, partition, offset, reason }, "a record went to the dead letters");
    }
  }

  async commit(assignment: Assignment, offset: number, metadata: string, signal: AbortSignal): Promise<void> {
    const what = `committing ${assignment.topic}/${assignment.partition}`;
    await this.retrying(what, signal, () => assignment.commit(offset, metadata));
  }

  async #quiet<T>(work: () => Promise<T>, otherwise: T): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof GaveUp || hasCode(error, "TRIPLINE_STREAM_ASSIGNMENT_LOST")) return otherwise;
      throw error;
    }
  }
}

/** Takes no record: what is left when a partition went away before its step was ready. */
const IDLE_READER: PartitionReader = { onBatch: () => Promise.resolve() };
