import {
  createDetection,
  type Detection,
  type DetectionState,
  isLaterSet,
  StateTables,
  splitRules,
} from "@tripline/detection";
import { awaitsVerdict, type RulesChanged, type TriplineRecord } from "@tripline/events";
import type { SigningKey } from "@tripline/response";
import {
  copiedFrom,
  type LogRecord,
  type Outcome,
  type PartitionInfo,
  type PartitionStep,
} from "@tripline/stream";
import { z } from "zod";
import { alertEmission, factEmission, verdictEmission } from "./emissions.ts";
import type { DetectorMetrics } from "./metrics.ts";
import { readRecord, rulesChangedIn } from "./read-record.ts";
import { ResentFilter } from "./resent.ts";
import { brokenRulesAlert } from "./rules/broken-rules-alert.ts";
import { type JudgingSet, nameOf, parsedName, type RulesInForce } from "./rules/rules-in-force.ts";
import { stepState } from "./step-tables.ts";

export interface StageDeps {
  rules: RulesInForce;
  metrics: DetectorMetrics;
  /** ms since the epoch */
  now(): number;
  /** Signs verdicts on calls that wait. Without it nobody gets one. */
  verdictKey?: SigningKey | undefined;
}

/** The set that judges, over the partition's tables. */
interface Judging {
  readonly set: JudgingSet;
  readonly detection: Detection;
  readonly state: DetectionState;
  readonly tables: ReadonlySet<string>;
}

/** Nobody waits as long: behind a backlog, verdicts on what is long decided would only add to it. */
const VERDICT_WORTH_MS = 10_000;
const RULE_SET = "rule_set";
const CURRENT = "current";
const nameState = z.string();
const IDLE = { groups: 0, evicted: 0, quieted: 0, excepted: 0 };

/**
 * Events in; alerts of rules that one partition can judge, and facts for those that it can't, out. A `rules.changed` record
 * puts another set in force for what comes behind it: state of rules that are the same in both stays.
 */
export function firstStage(
  { rules, metrics, now, verdictKey }: StageDeps,
  { partition, generation }: Pick<PartitionInfo, "partition" | "generation">,
): PartitionStep {
  const tables = new StateTables((what) => metrics.forgotten("first", what));
  const inForce = tables.table<string>(RULE_SET, {
    encode: (name) => name,
    decode: (json) => nameState.parse(json),
  });
  const resent = new ResentFilter(tables);
  let judging: Judging | null = null;
  const stopCounting = metrics.remembers("first", () =>
    judging === null ? IDLE : judging.detection.counts(judging.state),
  );

  function judgeBy(set: JudgingSet): Judging {
    const { first, second } = splitRules(set.rules);
    const detection = createDetection(first, { ...set.options, feeds: second });
    const { made, names } = tables.namesAskedBy(() => detection.initialState(tables));
    for (const name of judging?.tables ?? []) if (!names.has(name)) tables.drop(name);
    judging = { set, detection, state: made, tables: names };
    return judging;
  }

  function judge({ set, detection, state }: Judging, read: TriplineRecord, record: LogRecord): Outcome {
    const { alerts, facts, gravest } = detection.step(state, { record: read, appendTime: record.appendTime });
    const awaited = verdictKey !== undefined && awaitsVerdict(read.envelope);
    if (!awaited && alerts.length === 0 && facts.length === 0)
      return { kind: "skip", reason: "nothing_found" };
    const at = now();
    const answer = awaited && at - record.appendTime < VERDICT_WORTH_MS;
    if (answer) metrics.judgedWaiting(gravest === null ? "clear" : "finding");
    for (const alert of alerts) metrics.detected(alert, at - record.appendTime);
    return {
      kind: "emit",
      records: [
        ...(answer ? [verdictEmission(read.envelope, gravest, { key: verdictKey, now: at })] : []),
        ...alerts.map((alert) => alertEmission(alert, at)),
        ...facts.map((fact) => factEmission(fact, { record, generation, ruleSet: set.name })),
      ],
    };
  }

  /** Of what no rule looks at (a heartbeat comes every ten seconds) only the time counts: it shows what did not happen. */
  function pass(record: LogRecord): Outcome {
    const alerts = judging?.detection.advance(judging.state, record.appendTime) ?? [];
    if (alerts.length === 0) return { kind: "skip", reason: "not_judged" };
    const at = now();
    for (const alert of alerts) metrics.detected(alert, at - record.appendTime);
    return { kind: "emit", records: alerts.map((alert) => alertEmission(alert, at)) };
  }

  async function change(changed: RulesChanged, record: LogRecord): Promise<Outcome> {
    // Sets of an earlier generation of the log did not come along; what they judged was judged there.
    if (changed.generation !== generation || copiedFrom(record) !== null)
      return { kind: "skip", reason: "rules_of_another_generation" };
    const before = judging ?? judgeBy(await rules.initial(partition, record.offset));
    const set = await rules.get(nameOf(changed));
    const isNew = before.set.name === "" || isLaterSet(changed, parsedName(before.set.name));
    if (isNew) {
      judgeBy(set);
      inForce.set(CURRENT, set.name);
    }
    if (!isNew && set.name !== before.set.name) return { kind: "skip", reason: "rules_outdated" };
    rules.onAnnounced?.(partition, set);
    const alert = partition === 0 && set.set !== null ? brokenRulesAlert(set.set, record.appendTime) : null;
    if (alert === null) return { kind: "skip", reason: isNew ? "rules_changed" : "rules_unchanged" };
    return { kind: "emit", records: [alertEmission(alert, now())] };
  }

  function handle(record: LogRecord): Outcome | Promise<Outcome> {
    if (record.value === null) return { kind: "skip", reason: "empty" };
    const read = readRecord(record.value);
    if (read === null) return pass(record);
    const changed = rulesChangedIn(read);
    if (changed !== null) return change(changed, record);
    if (judging === null) {
      const initial = rules.initial(partition, record.offset);
      if (initial instanceof Promise) {
        return initial.then((set) => {
          judgeBy(set);
          return handle(record);
        });
      }
      judgeBy(initial);
      return handle(record);
    }
    if (resent.isResent(read)) return { kind: "skip", reason: "resent" };
    return judge(judging, read, record);
  }

  return {
    process: handle,
    state: stepState(tables, {
      async before(entries) {
        const [name] = StateTables.rowsOf(RULE_SET, entries).values();
        judgeBy(
          name === undefined ? await rules.initial(partition, 0) : await rules.get(nameState.parse(name)),
        );
      },
      after: () => resent.loaded(),
    }),
    onLost: stopCounting,
  };
}
