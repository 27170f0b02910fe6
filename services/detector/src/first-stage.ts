import {
  createDetection,
  type DetectionOptions,
  type Rule,
  StateTables,
  splitRules,
} from "@tripline/detection";
import type { LogRecord, Outcome, PartitionInfo, PartitionStep } from "@tripline/stream";
import { alertEmission, factEmission } from "./emissions.ts";
import type { DetectorMetrics } from "./metrics.ts";
import { readRecord } from "./read-record.ts";
import { ResentFilter } from "./resent.ts";
import { stepState } from "./step-tables.ts";

export interface StageDeps {
  rules: readonly Rule[];
  options: Pick<DetectionOptions, "internalHosts" | "isTrustedServer">;
  metrics: DetectorMetrics;
  /** ms since the epoch */
  now(): number;
}

/** Events in; alerts of rules that one partition can judge, and facts for those that it can't, out. */
export function firstStage(
  { rules, options, metrics, now }: StageDeps,
  { generation }: PartitionInfo,
): PartitionStep {
  const { first, second } = splitRules(rules);
  const detection = createDetection(first, { ...options, feeds: second });
  const tables = new StateTables((what) => metrics.forgotten("first", what));
  const state = detection.initialState(tables);
  const resent = new ResentFilter(tables);
  const stopCounting = metrics.remembers("first", () => detection.counts(state));
  return {
    process(record: LogRecord): Outcome {
      if (record.value === null) return { kind: "skip", reason: "empty" };
      const read = readRecord(record.value);
      if (read === null) return { kind: "skip", reason: "not_judged" };
      if (resent.isResent(read)) return { kind: "skip", reason: "resent" };
      const { alerts, facts } = detection.step(state, { record: read, appendTime: record.appendTime });
      if (alerts.length === 0 && facts.length === 0) return { kind: "skip", reason: "nothing_found" };
      const at = now();
      for (const alert of alerts) metrics.detected(alert, at - record.appendTime);
      return {
        kind: "emit",
        records: [
          ...alerts.map((alert) => alertEmission(alert, at)),
          ...facts.map((fact) => factEmission(fact, record, generation)),
        ],
      };
    },
    state: stepState(tables, () => resent.loaded()),
    onLost: stopCounting,
  };
}
