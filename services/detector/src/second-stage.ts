import { createDetection, StateTables, splitRules } from "@tripline/detection";
import { type Alert, type Fact, factSchema, type Tick, TriplineError, tickSchema } from "@tripline/events";
import {
  copiedFrom,
  type LogRecord,
  type Outcome,
  type PartitionInfo,
  type PartitionStep,
} from "@tripline/stream";
import { z } from "zod";
import { alertEmission } from "./emissions.ts";
import type { FactTicker } from "./fact-ticker.ts";
import type { StageDeps } from "./first-stage.ts";
import { type PendingFact, PendingFacts, timeOf } from "./pending-facts.ts";
import { RepeatedFacts } from "./repeated-facts.ts";
import { stepState } from "./step-tables.ts";

/**
 * Facts in, alerts out: rules whose groups are spread over the events' partitions. Facts wait for the tick that says that
 * nothing can come before them any more, and are judged in the order in which things happened.
 */
export function secondStage(
  { rules, options, metrics, now }: StageDeps,
  { partition }: Pick<PartitionInfo, "partition">,
  ticker: Pick<FactTicker, "add" | "remove">,
): PartitionStep {
  const detection = createDetection(splitRules(rules).second, { ...options, secondStage: true });
  const tables = new StateTables((what) => metrics.forgotten("second", what));
  const state = detection.initialState(tables);
  const repeated = new RepeatedFacts(tables);
  const pending = new PendingFacts(tables);
  let newestAppend: number | null = null;
  const ticked = { partition, earliest: () => pending.earliest, newestAppend: () => newestAppend };
  ticker.add(ticked);
  const stopCounting = metrics.remembers("second", () => detection.counts(state));

  function judge(facts: readonly PendingFact[]): Outcome {
    const at = now();
    const alerts = facts.flatMap(({ fact, copied }): Alert[] => {
      const found = detection.step(state, {
        record: fact.record,
        appendTime: fact.source.append_time,
        rules: fact.rules,
      }).alerts;
      if (copied) return [];
      for (const alert of found) metrics.detected(alert, at - fact.source.append_time);
      return found;
    });
    if (alerts.length === 0) return { kind: "skip", reason: "nothing_found" };
    return { kind: "emit", records: alerts.map((alert) => alertEmission(alert, at)) };
  }

  return {
    process(record: LogRecord): Outcome {
      if (record.value === null) return { kind: "skip", reason: "empty" };
      const read = readFact(record.value);
      newestAppend = record.appendTime;
      if ("before" in read) return judge(pending.release(read.before));
      if (repeated.isRepeated(read)) return { kind: "skip", reason: "repeated" };
      const arrived = {
        time: timeOf(read),
        offset: record.offset,
        bytes: record.value.length,
        fact: read,
        copied: copiedFrom(record) !== null,
      };
      if (pending.isLate(arrived.time)) {
        metrics.late();
        return judge([arrived]);
      }
      const forced = pending.add(arrived);
      return forced.length === 0 ? { kind: "skip", reason: "waiting" } : judge(forced);
    },
    state: stepState(tables, () => {
      pending.loaded();
      newestAppend = pending.newestAppend;
    }),
    onLost() {
      ticker.remove(ticked);
      stopCounting();
    },
  };
}

const factOrTick = z.union([tickSchema, factSchema]);

function readFact(value: Uint8Array): Fact | Tick {
  try {
    return factOrTick.parse(JSON.parse(new TextDecoder().decode(value)));
  } catch (cause) {
    throw new TriplineError("TRIPLINE_FACT_INVALID", "the fact is invalid", { cause });
  }
}
