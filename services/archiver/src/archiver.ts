import { TOPICS } from "@tripline/events";
import type { PublicKey } from "@tripline/response";
import type { Part, PartHealth, ServiceContext } from "@tripline/service";
import type { Store } from "@tripline/store";
import { type Log, type PartitionSink, type RunnerHandle, runSink } from "@tripline/stream";
import { type ArchiverMetrics, createArchiverMetrics } from "./archiver-metrics.ts";
import { deadLettersSink } from "./dead-letters-sink.ts";
import { EventsSink } from "./events-sink.ts";
import { watchStoreSizes } from "./store-sizes.ts";
import { alertsSink, revocationsSink } from "./table-sinks.ts";

export interface ArchiverDependencies {
  log: Log;
  store: Store;
  context: ServiceContext;
  /** Every key that ever signed entries which may still be read: what no key of these signed is a dead letter. */
  revocationKeys(): readonly PublicKey[];
  /** Default MAX_RANGE_RECORDS; smaller only for tests. */
  maxRangeRecords?: number;
}

const MAX_RANGE_RECORDS = 10_000; // two tables' worth of one block; larger batches are no faster and wait longer
const MAX_RANGE_BYTES = 12 * 1024 * 1024;
const RANGE_EVERY_MS = 200; // few parts and syncs where records trickle in; what was recorded can be asked for in half a second

/**
 * The part that writes the log's records into the store: each record once, through any crash. A range is announced in
 * the log before it is written, and a range that was announced is written again with the same rows and token.
 */
export function createArchiver({
  log,
  store,
  context,
  revocationKeys,
  maxRangeRecords,
}: ArchiverDependencies): Part {
  const metrics = createArchiverMetrics(context);
  const sinks: Record<string, (metrics: ArchiverMetrics) => PartitionSink> = {
    [TOPICS.events]: () => new EventsSink(store.writer, metrics),
    [TOPICS.alerts]: () => alertsSink(store.writer, metrics),
    [TOPICS.revocations]: () =>
      revocationsSink(store.writer, metrics, { keys: revocationKeys, logger: context.logger }),
    [TOPICS.deadLetters]: () => deadLettersSink(store.writer, metrics),
  };
  let handles: RunnerHandle[] = [];
  let stopped = false;
  let endWatch = () => {
    // nothing to end before the start
  };

  return {
    name: "archiver",
    async start() {
      endWatch = watchStoreSizes(context, store);
      for (const [topic, open] of Object.entries(sinks)) {
        handles.push(
          await runSink({
            log,
            name: `archiver-${topic.replace("tripline.", "")}`,
            topic,
            maxBatchRecords: maxRangeRecords ?? MAX_RANGE_RECORDS,
            maxBatchBytes: MAX_RANGE_BYTES,
            rangeEveryMs: RANGE_EVERY_MS,
            hooks: metrics.hooks,
            logger: context.logger,
            open: () => open(metrics),
          }),
        );
      }
    },
    async stop() {
      endWatch();
      await Promise.all(handles.map((handle) => handle.close()));
      handles = [];
      stopped = true;
    },
    health(): PartHealth {
      if (stopped) return { state: "stopped" };
      if (handles.length < Object.keys(sinks).length) return { state: "starting" };
      const states = handles.map((handle) => handle.health());
      for (const state of ["failed", "degraded", "starting"] as const) {
        const found = states.find((health) => health.state === state);
        if (found !== undefined) return found;
      }
      return { state: "ready" };
    },
  };
}
