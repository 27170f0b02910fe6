import { TOPICS } from "@tripline/events";
import type { PublicKey } from "@tripline/response";
import type { Part, PartHealth, ServiceContext } from "@tripline/service";
import type { Store, StoreWriter } from "@tripline/store";
import {
  type Log,
  type PartitionInfo,
  type PartitionSink,
  type RunnerHandle,
  runSink,
} from "@tripline/stream";
import { createArchiverMetrics } from "./archiver-metrics.ts";
import { alertDesk } from "./completeness/alert-desk.ts";
import { EXAMINATION_TIMES, Examination, type ExaminationTimes } from "./completeness/examination.ts";
import { OwnedByOne } from "./completeness/owned-by-one.ts";
import { deadLettersSink } from "./dead-letters-sink.ts";
import { KnownErasures } from "./erasures/known-erasures.ts";
import { EventsSink } from "./events-sink.ts";
import { heldSink } from "./held-sink.ts";
import { CallClosing, CLOSING_TIMES, type ClosingTimes } from "./in-doubt/close-calls.ts";
import { createLedger, type Ledger, type LedgerSettings } from "./ledger/ledger.ts";
import { OwnedLedgers } from "./ledger/owned-ledgers.ts";
import { watchStoreSizes } from "./store-sizes.ts";
import { alertsSink, incidentsSink, MAX_INCIDENT_RANGE, revocationsSink } from "./table-sinks.ts";

export interface ArchiverDependencies {
  log: Log;
  store: Store;
  context: ServiceContext;
  /** Every key that ever signed entries which may still be read: what no key of these signed is a dead letter. */
  revocationKeys(): readonly PublicKey[];
  /** Null: nothing is sealed. */
  ledger: LedgerSettings | null;
  /** Default MAX_RANGE_RECORDS; smaller only for tests. */
  maxRangeRecords?: number;
  /** Smaller only for tests. */
  times?: { examination?: ExaminationTimes; closing?: ClosingTimes };
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
  ledger: settings,
  maxRangeRecords,
  times = {},
}: ArchiverDependencies): Part {
  const metrics = createArchiverMetrics(context);
  const erasures = new KnownErasures(log, context.logger);
  const desk = alertDesk(log, store.completeness, context);
  let ledger: Ledger | null = null;
  let ledgers = new OwnedLedgers(null);
  const sinks: Record<string, (writer: StoreWriter, info: PartitionInfo) => PartitionSink> = {
    [TOPICS.events]: (writer, info) => new EventsSink(writer, metrics, erasures, ledgers.of(info)),
    [TOPICS.alerts]: (writer) => alertsSink(writer, metrics),
    [TOPICS.revocations]: (writer) =>
      revocationsSink(writer, metrics, { keys: revocationKeys, logger: context.logger }),
    [TOPICS.incidents]: (writer) => incidentsSink(writer, metrics),
    [TOPICS.deadLetters]: (writer) => deadLettersSink(writer, metrics),
  };
  const looked = { log, store, context, groups: LOOKED_AT };
  // What looks at all partitions together runs where partition 0 is archived.
  const ofPartitionZero = new OwnedByOne(() => [
    new Examination({ ...looked, times: times.examination ?? EXAMINATION_TIMES }),
    new CallClosing({ ...looked, times: times.closing ?? CLOSING_TIMES }),
    ...(ledger === null ? [] : [ledger.root()]),
  ]);
  let handles: RunnerHandle[] = [];
  let state: "running" | "stopping" | "stopped" = "running";
  let endWatch = () => {
    // nothing to end before the start
  };

  function withOwned(sink: PartitionSink): PartitionSink {
    ofPartitionZero.assigned();
    return {
      write: (...args) => sink.write(...args),
      onLost() {
        if (state === "running") void ofPartitionZero.lost();
        sink.onLost?.();
      },
    };
  }

  return {
    name: "archiver",
    async start() {
      endWatch = watchStoreSizes(context, store);
      await erasures.open();
      if (settings !== null) {
        const group = groupOf(TOPICS.events);
        ledger = await createLedger(settings, { log, context, group, raise: (alerts) => desk.raise(alerts) });
        ledgers = new OwnedLedgers(ledger);
      }
      for (const [topic, open] of Object.entries(sinks)) {
        handles.push(
          await runSink({
            log,
            name: groupOf(topic),
            topic,
            maxBatchRecords: Math.min(maxRangeRecords ?? MAX_RANGE_RECORDS, rangeOf(topic)),
            maxBatchBytes: MAX_RANGE_BYTES,
            rangeEveryMs: RANGE_EVERY_MS,
            hooks: metrics.hooks,
            logger: context.logger,
            open: (info) => {
              const sink = heldSink(store.writer, (writer) => open(writer, info));
              return topic === TOPICS.events && info.partition === 0 ? withOwned(sink) : sink;
            },
          }),
        );
      }
    },
    async stop() {
      endWatch();
      state = "stopping";
      await Promise.all(handles.map((handle) => handle.close()));
      handles = [];
      // What was stored is sealed, and then the root log takes that in.
      await ledgers.close();
      await ofPartitionZero.lost();
      await erasures.close();
      state = "stopped";
    },
    health(): PartHealth {
      if (state === "stopped") return { state };
      if (handles.length < Object.keys(sinks).length) return { state: "starting" };
      const states = handles.map((handle) => handle.health());
      for (const state of ["failed", "degraded", "starting"] as const) {
        const found = states.find((health) => health.state === state);
        if (found !== undefined) return found;
      }
      const trouble = ofPartitionZero.trouble ?? ledgers.trouble;
      return trouble === null ? { state: "ready" } : { state: "degraded", detail: trouble };
    },
  };
}

function rangeOf(topic: string): number {
  return topic === TOPICS.incidents ? MAX_INCIDENT_RANGE : MAX_RANGE_RECORDS;
}

function groupOf(topic: string): string {
  return `archiver-${topic.replace("tripline.", "")}`;
}

/** Whose commits say what is archived; of the alerts, so that what was raised before a crash is known after it. */
const LOOKED_AT = {
  [TOPICS.events]: groupOf(TOPICS.events),
  [TOPICS.alerts]: groupOf(TOPICS.alerts),
};
