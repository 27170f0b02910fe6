import type { RevocationDetail } from "@tripline/store";
import type { z } from "zod";
import type { revocationTimeline as timelineSchema, timelineStep } from "./schemas/revocations.ts";

export type TimelineStep = z.infer<typeof timelineStep>;
export type RevocationTimeline = z.infer<typeof timelineSchema>;

/**
 * How a revocation went, step by step: the completing record, detected, decided, applied at each interceptor, the first
 * refusal, and where it was lifted again. `after_ms` counts from the first step; steps not seen yet have no time.
 */
export function revocationTimeline(detail: RevocationDetail): RevocationTimeline {
  const steps = stepsOf(detail);
  const first = (name: TimelineStep["step"]) => steps.find(({ step }) => step === name)?.after_ms ?? null;
  return {
    detected_ms: first("detected"),
    decided_ms: first("decided"),
    applied_ms: first("applied"),
    first_refusal_ms: first("first_refusal"),
    steps,
  };
}

function stepsOf({ revocation, timing }: RevocationDetail): TimelineStep[] {
  const steps: Omit<TimelineStep, "after_ms">[] = [];
  if (timing.completing_record_id !== null) {
    steps.push({
      step: "completed",
      label: "the call that completed the pattern was recorded",
      at: timing.completing_record_time,
      clock: "producer",
      record_id: timing.completing_record_id,
    });
    steps.push({
      step: "detected",
      label: `rule ${revocation.rule_id ?? ""} raised the alert`.replace("  ", " "),
      at: timing.detected_at,
      clock: "detector",
      record_id: null,
    });
  }
  steps.push({
    step: "decided",
    label: revocation.by === "policy" ? "decided automatically" : `decided by ${revocation.by}`,
    at: timing.decided_at,
    clock: "responder",
    record_id: null,
  });
  const applied = timing.applied.filter((entry) => entry.state === "active");
  for (const entry of applied) {
    steps.push({
      step: "applied",
      label: `interceptor ${entry.producer} refuses from now on`,
      at: entry.at,
      clock: entry.producer,
      record_id: null,
    });
  }
  if (applied.length === 0) {
    steps.push({
      step: "applied",
      label: "no interceptor has confirmed yet",
      at: null,
      clock: "",
      record_id: null,
    });
  }
  steps.push({
    step: "first_refusal",
    label: timing.first_denied_time === null ? "no call was refused yet" : "first call refused",
    at: timing.first_denied_time,
    clock: "producer",
    record_id: timing.first_denied_record_id,
  });
  if (revocation.reinstated_at !== null) {
    steps.push({
      step: "reinstated",
      label: "reinstated",
      at: revocation.reinstated_at,
      clock: "responder",
      record_id: null,
    });
    for (const entry of timing.applied.filter((each) => each.state === "reinstated")) {
      steps.push({
        step: "lifted",
        label: `interceptor ${entry.producer} allows again`,
        at: entry.at,
        clock: entry.producer,
        record_id: null,
      });
    }
  }
  const startMs = steps[0]?.at == null ? null : Date.parse(steps[0].at);
  return steps.map((step) => ({
    ...step,
    after_ms: startMs === null || step.at === null ? null : Date.parse(step.at) - startMs,
  }));
}
