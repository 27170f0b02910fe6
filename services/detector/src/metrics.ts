import type { DetectionCounts } from "@tripline/detection";
import type { Alert } from "@tripline/events";
import { counter, gauge, histogram, type ServiceContext } from "@tripline/service";
import type { RunnerHooks } from "@tripline/stream";
import type { JudgingSet } from "./rules/rules-in-force.ts";

export interface DetectorMetrics {
  /** @param delayMs from the log's append to the finding */
  detected(alert: Alert, delayMs: number): void;
  /** A verdict on a call that waits was written. */
  judgedWaiting(verdict: "clear" | "finding"): void;
  /** A set of rules took effect in a partition that is here. */
  inForce(set: JudgingSet): void;
  /** A fact came too late for its place in the order. */
  late(): void;
  /** Something was dropped for lack of room while it still mattered. */
  forgotten(stage: string, what: string): void;
  /** A partition is here, and remembers so much, until the returned function is called. */
  remembers(stage: string, counts: () => DetectionCounts): () => void;
  hooks: RunnerHooks;
}

export function detectorMetrics(registry: ServiceContext["metrics"]): DetectorMetrics {
  const alerts = counter(registry, {
    name: "tripline_detector_alerts_total",
    help: "Alerts written",
    labels: ["rule", "severity"],
  });
  const delay = histogram(registry, {
    name: "tripline_detector_delay_seconds",
    help: "From the log's append of the completing record to its alert",
  });
  const verdicts = counter(registry, {
    name: "tripline_detector_verdicts_total",
    help: "Verdicts on calls that waited for one",
    labels: ["verdict"],
  });
  const remembering = new Set<{ stage: string; counts: () => DetectionCounts }>();
  const groups = gauge(registry, {
    name: "tripline_detector_groups",
    help: "Groups that rules remember in the partitions that are here, at the last snapshot",
    labels: ["stage"],
  });
  const forgotten = counter(registry, {
    name: "tripline_detector_forgotten_total",
    help: "What was forgotten for lack of room while it still mattered, by kind",
    labels: ["stage", "what"],
  });
  const late = counter(registry, {
    name: "tripline_detector_late_facts_total",
    help: "Facts that reached the second stage after later ones had been judged",
  });
  const snapshots = histogram(registry, {
    name: "tripline_detector_snapshot_encoding_seconds",
    help: "Time that encoding one snapshot of a partition took in all; records go on between its slices",
    labels: ["stage"],
  });
  const snapshotSlice = histogram(registry, {
    name: "tripline_detector_snapshot_slice_seconds",
    help: "The longest time that one snapshot of a partition held the thread",
    labels: ["stage"],
  });
  const snapshotBytes = counter(registry, {
    name: "tripline_detector_snapshot_bytes_total",
    help: "Bytes of state written",
    labels: ["stage"],
  });
  const outcomes = counter(registry, {
    name: "tripline_detector_records_total",
    help: "Records by what became of them",
    labels: ["stage", "kind", "reason"],
  });
  const batches = histogram(registry, {
    name: "tripline_detector_batch_seconds",
    help: "From a batch's arrival until its effects are durable",
    labels: ["stage"],
  });
  const rules = gauge(registry, {
    name: "tripline_detector_rules",
    help: "Rules in force",
  });
  const problems = gauge(registry, {
    name: "tripline_detector_rule_problems",
    help: "Rule files that can't be used as they are",
  });
  const setNumber = gauge(registry, {
    name: "tripline_detector_rule_set",
    help: "Number of the set of rules in force; it rises with each change",
  });
  return {
    judgedWaiting: (verdict) => verdicts.inc({ verdict }),
    inForce(judging) {
      rules.set(judging.rules.length);
      setNumber.set(judging.number);
      problems.set((judging.set?.content.problems.length ?? 0) + (judging.set?.unreadable.length ?? 0));
    },
    detected({ rule, severity }, delayMs) {
      alerts.inc({ rule: rule.id, severity });
      delay.observe(Math.max(0, delayMs) / 1000);
    },
    late: () => late.inc(),
    forgotten: (stage, what) => forgotten.inc({ stage, what }),
    remembers(stage, counts) {
      const entry = { stage, counts };
      remembering.add(entry);
      return () => remembering.delete(entry);
    },
    hooks: {
      onOutcome: ({ name, kind, reason }) => outcomes.inc({ stage: name, kind, reason: reason ?? "" }),
      onBatch({ name, seconds }) {
        batches.observe({ stage: name }, seconds);
      },
      onSnapshot({ name, bytes, encodingSeconds, longestSeconds }) {
        snapshots.observe({ stage: name }, encodingSeconds);
        snapshotSlice.observe({ stage: name }, longestSeconds);
        snapshotBytes.inc({ stage: name }, bytes);
        for (const stage of ["first", "second"]) groups.set({ stage }, groupsOf(remembering, stage));
      },
    },
  };
}

function groupsOf(
  remembering: Iterable<{ stage: string; counts: () => DetectionCounts }>,
  asked: string,
): number {
  let groups = 0;
  for (const { stage, counts } of remembering) if (stage === asked) groups += counts().groups;
  return groups;
}
