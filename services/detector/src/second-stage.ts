import {
  createDetection,
  type Detection,
  type DetectionState,
  isLaterSet,
  StateTables,
  splitRules,
} from "@tripline/detection";
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
import { type JudgingSet, parsedName } from "./rules/rules-in-force.ts";
import { stepState } from "./step-tables.ts";

const RULE_SETS = "rule_sets";
const SETS_KEPT = 2; // the latest, and the one before, whose facts may still come from partitions that changed later
const usedState = z.number();
const IDLE = { groups: 0, evicted: 0, quieted: 0, excepted: 0 };

interface Judging {
  readonly detection: Detection;
  readonly state: DetectionState;
  readonly tables: ReadonlySet<string>;
}

/**
 * Facts in, alerts out: rules whose groups are spread over the events' partitions. Facts wait for the tick that says that
 * nothing can come before them any more, and are judged in the order in which things happened, each by the set of rules that
 * chose it. Sets share what they remember of rules that are the same in both.
 */
export function secondStage(
  { rules, metrics, now }: StageDeps,
  { partition, generation }: Pick<PartitionInfo, "partition" | "generation">,
  ticker: Pick<FactTicker, "add" | "remove">,
): PartitionStep {
  const tables = new StateTables((what) => metrics.forgotten("second", what));
  const used = tables.table<number>(RULE_SETS, {
    encode: (number) => number,
    decode: (json) => usedState.parse(json),
  });
  const repeated = new RepeatedFacts(tables);
  const pending = new PendingFacts(tables);
  /** By the set's name, the latest last. */
  let judging = new Map<string, Judging>();
  let newestAppend: number | null = null;
  const ticked = { partition, earliest: () => pending.earliest, newestAppend: () => newestAppend };
  ticker.add(ticked);
  const stopCounting = metrics.remembers("second", () => {
    const latest = [...judging.values()].at(-1);
    return latest === undefined ? IDLE : latest.detection.counts(latest.state);
  });

  function judgeBy(name: string, set: JudgingSet): void {
    const detection = createDetection(splitRules(set.rules).second, { ...set.options, secondStage: true });
    const { made, names } = tables.namesAskedBy(() => detection.initialState(tables));
    judging.set(name, { detection, state: made, tables: names });
    judging = new Map([...judging].sort(([a], [b]) => (isLater(a, b) ? 1 : -1)));
  }

  /** Sets whose facts have all been judged; what only their rules remember goes with them. */
  function forgetSets(): void {
    if (judging.size <= SETS_KEPT) return;
    const waiting = pending.ruleSets();
    const names = [...judging.keys()];
    const gone = names.slice(0, -SETS_KEPT).filter((name) => !waiting.has(name));
    const dropped = gone.flatMap((name) => [...(judging.get(name)?.tables ?? [])]);
    for (const name of gone) {
      judging.delete(name);
      used.delete(name);
    }
    const kept = new Set([...judging.values()].flatMap((each) => [...each.tables]));
    for (const table of dropped) if (!kept.has(table)) tables.drop(table);
  }

  function judge(facts: readonly PendingFact[]): Outcome {
    const at = now();
    const alerts = facts.flatMap(({ fact, copied }): Alert[] => {
      const set = judging.get(setOf(fact));
      if (set === undefined) throw new Error("a fact waits whose rules were not prepared");
      const found = set.detection.step(set.state, {
        record: fact.record,
        appendTime: fact.source.append_time,
        rules: fact.rules,
      }).alerts;
      if (copied) return [];
      for (const alert of found) metrics.detected(alert, at - fact.source.append_time);
      return found;
    });
    forgetSets();
    if (alerts.length === 0) return { kind: "skip", reason: "nothing_found" };
    return { kind: "emit", records: alerts.map((alert) => alertEmission(alert, at)) };
  }

  /** Sets of an earlier generation of the log did not come along: their facts are judged by the first of this one. */
  function setOf({ rule_set, source }: Fact): string {
    return source.generation === generation ? (rule_set ?? "") : "";
  }

  async function prepare(name: string): Promise<void> {
    judgeBy(name, await rules.get(name));
    used.set(name, judging.size);
  }

  function take(fact: Fact, record: LogRecord): Outcome {
    newestAppend = record.appendTime;
    if (repeated.isRepeated(fact)) return { kind: "skip", reason: "repeated" };
    const arrived = {
      time: timeOf(fact),
      offset: record.offset,
      bytes: record.value?.length ?? 0,
      fact,
      copied: copiedFrom(record) !== null,
    };
    if (pending.isLate(arrived.time)) {
      metrics.late();
      return judge([arrived]);
    }
    const forced = pending.add(arrived);
    return forced.length === 0 ? { kind: "skip", reason: "waiting" } : judge(forced);
  }

  return {
    process(record: LogRecord): Outcome | Promise<Outcome> {
      if (record.value === null) return { kind: "skip", reason: "empty" };
      const read = readFact(record.value);
      if ("before" in read) {
        newestAppend = record.appendTime;
        return judge(pending.release(read.before));
      }
      const name = setOf(read);
      return judging.has(name) ? take(read, record) : prepare(name).then(() => take(read, record));
    },
    state: stepState(tables, {
      async before(entries) {
        const names = [...StateTables.rowsOf(RULE_SETS, entries).keys()];
        for (const name of names) judgeBy(name, await rules.get(name));
        if (names.length === 0) judgeBy("", await rules.get(""));
      },
      after() {
        pending.loaded();
        for (const name of judging.keys()) if (used.peek(name) === undefined) used.set(name, judging.size);
        newestAppend = pending.newestAppend;
      },
    }),
    onLost() {
      ticker.remove(ticked);
      stopCounting();
    },
  };
}

/** The first set of all has no name. */
function isLater(a: string, b: string): boolean {
  return b === "" ? a !== "" : a !== "" && isLaterSet(parsedName(a), parsedName(b));
}

const factOrTick = z.union([tickSchema, factSchema]);

function readFact(value: Uint8Array): Fact | Tick {
  try {
    return factOrTick.parse(JSON.parse(new TextDecoder().decode(value)));
  } catch (cause) {
    throw new TriplineError("TRIPLINE_FACT_INVALID", "the fact is invalid", { cause });
  }
}
