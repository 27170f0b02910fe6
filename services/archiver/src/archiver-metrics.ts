import { counter, gauge, histogram, type ServiceContext } from "@tripline/service";
import type { RunnerHooks } from "@tripline/stream";

/** What can be seen of the archiver from outside. */
export interface ArchiverMetrics {
  rows: { inc(labels: { table: string }, by: number): void };
  duplicates: { inc(by: number): void };
  late: { inc(by: number): void };
  erased: { inc(by: number): void };
  /** A range is stored whose newest record was appended then (ms since the epoch). */
  archived(topic: string, partition: number, appendTime: number): void;
  hooks: RunnerHooks;
}

export function createArchiverMetrics(context: ServiceContext): ArchiverMetrics {
  const { metrics } = context;
  const delay = gauge(metrics, {
    name: "tripline_archiver_delay_seconds",
    help: "From a record's append to the log until it could be queried, for the newest record of the last range.",
    labels: ["topic", "partition"],
  });
  const batches = histogram(metrics, {
    name: "tripline_archiver_batch_seconds",
    help: "Time to store one range.",
    labels: ["topic"],
  });
  const outcomes = counter(metrics, {
    name: "tripline_archiver_rejected_total",
    help: "Records that went to the dead letters, by reason.",
    labels: ["reason"],
  });
  const retries = counter(metrics, {
    name: "tripline_archiver_retries_total",
    help: "Attempts that failed and were made again, by error code.",
    labels: ["code"],
  });
  return {
    rows: counter(metrics, {
      name: "tripline_archiver_rows_total",
      help: "Rows stored, by table.",
      labels: ["table"],
    }),
    duplicates: counter(metrics, {
      name: "tripline_archiver_duplicates_total",
      help: "Records that a producer sent again and that were stored already.",
    }),
    late: counter(metrics, {
      name: "tripline_archiver_late_total",
      help: "Records that came behind a later one of their producer's boot, and were stored.",
    }),
    erased: counter(metrics, {
      name: "tripline_archiver_erased_total",
      help: "Payloads that were not stored, because an erasure covers them.",
    }),
    archived: (topic, partition, appendTime) =>
      delay.set({ topic, partition: String(partition) }, Math.max(0, context.now() - appendTime) / 1000),
    hooks: {
      onBatch: ({ topic, seconds }) => batches.observe({ topic }, seconds),
      onOutcome: ({ kind, reason }) => {
        if (kind === "reject") outcomes.inc({ reason: reason ?? "unknown" });
      },
      onRetry: ({ code }) => retries.inc({ code }),
    },
  };
}
