import type { DetectionCounts } from "@tripline/detection";
import type { Alert } from "@tripline/events";
import { counter, gauge, histogram, type ServiceContext } from "@tripline/service";
import type { RunnerHooks } from "@tripline/stream";

export interface DetectorMetrics {
  /** @param delayMs from the log's append to the finding */
  detected(alert: Alert, delayMs: number): void;
  remembered(stage: string, counts: DetectionCounts): void;
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
  const groups = gauge(registry, {
    name: "tripline_detector_groups",
    help: "Groups that rules remember, at the last snapshot",
    labels: ["stage"],
  });
  const evicted = gauge(registry, {
    name: "tripline_detector_evicted",
    help: "Groups, intents and listings forgotten for lack of room while they still mattered",
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
  return {
    detected({ rule, severity }, delayMs) {
      alerts.inc({ rule: rule.id, severity });
      delay.observe(Math.max(0, delayMs) / 1000);
    },
    remembered(stage, counts) {
      groups.set({ stage }, counts.groups);
      evicted.set({ stage }, counts.evicted);
    },
    hooks: {
      onOutcome: ({ name, kind, reason }) => outcomes.inc({ stage: name, kind, reason: reason ?? "" }),
      onBatch: ({ name, seconds }) => batches.observe({ stage: name }, seconds),
    },
  };
}
