import type { RevocationDetail } from "@tripline/store";
import type { z } from "zod";
import { courseSteps } from "./revocation-course.ts";
import type { revocationTimeline as timelineSchema, timelineStep } from "./schemas/revocations.ts";

export type TimelineStep = z.infer<typeof timelineStep>;
export type RevocationTimeline = z.infer<typeof timelineSchema>;

/**
 * How a revocation went, step by step: the completing record, detected, decided, applied at each interceptor, the first
 * refusal, what was late, what the issuer said, and where it was lifted again. `after_ms` counts from the first step; steps
 * not seen yet have no time.
 */
export function revocationTimeline(detail: RevocationDetail): RevocationTimeline {
  const steps = stepsOf(detail);
  const first = (name: TimelineStep["step"]) => steps.find(({ step }) => step === name)?.after_ms ?? null;
  const { course } = detail;
  return {
    detected_ms: first("detected"),
    decided_ms: first("decided"),
    applied_ms: first("applied"),
    all_applied_ms: allAppliedMs(detail, steps),
    first_refusal_ms: first("first_refusal"),
    upstream_ack_ms: first("upstream_acknowledged"),
    verified_ms: first("upstream_verified"),
    steps,
    in_flight: course.in_flight,
    only_reporting: [
      ...new Set(course.present.filter(({ refuses }) => !refuses).map(({ producer }) => producer)),
    ],
  };
}

type Untimed = Omit<TimelineStep, "after_ms">;

function stepsOf(detail: RevocationDetail): TimelineStep[] {
  const { revocation, timing } = detail;
  const steps: Untimed[] = [];
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
  steps.push(...appliedSteps(detail));
  steps.push({
    step: "first_refusal",
    label: timing.first_denied_time === null ? "no call was refused yet" : "first call refused",
    at: timing.first_denied_time,
    clock: "producer",
    record_id: timing.first_denied_record_id,
  });
  steps.push(...courseSteps(detail.course));
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

/** Each interceptor that said that it refuses, and, while it holds, each that was there and has not. */
function appliedSteps({ revocation, timing, course }: RevocationDetail): Untimed[] {
  const applied = timing.applied.filter((entry) => entry.state === "active");
  const steps: Untimed[] = applied.map((entry) => ({
    step: "applied",
    label: `interceptor ${entry.producer}${advisoryNote(course, entry)} refuses from now on`,
    at: entry.at,
    clock: entry.producer,
    record_id: null,
  }));
  if (revocation.state === "active") {
    for (const missing of missingOf({ revocation, timing, course })) {
      steps.push({
        step: "applied",
        label: `interceptor ${missing.producer}${advisoryNote(course, missing)} has not said that it refuses`,
        at: null,
        clock: missing.producer,
        record_id: null,
      });
    }
  }
  if (steps.length > 0) return steps;
  return [
    { step: "applied", label: "no interceptor has confirmed yet", at: null, clock: "", record_id: null },
  ];
}

function missingOf({ timing, course }: RevocationDetail): { producer: string; boot: string }[] {
  const applied = timing.applied.filter(({ state }) => state === "active");
  return course.present.filter(
    ({ producer, boot, refuses }) =>
      refuses && !applied.some((entry) => entry.producer === producer && entry.boot === boot),
  );
}

function advisoryNote(course: RevocationDetail["course"], of: { producer: string; boot: string }): string {
  const known = course.present.find(({ producer, boot }) => producer === of.producer && boot === of.boot);
  return known?.advisory === true ? " (advisory: its own user can end it)" : "";
}

/** Until the last interceptor that can be held to it refused; null when one of those that were there has not said so. */
function allAppliedMs(detail: RevocationDetail, steps: readonly TimelineStep[]): number | null {
  const held = missingOf(detail).filter(
    (missing) =>
      !detail.course.present.some(
        ({ producer, boot, advisory }) => advisory && producer === missing.producer && boot === missing.boot,
      ),
  );
  const times = steps.flatMap(({ step, after_ms }) =>
    step === "applied" && after_ms !== null ? [after_ms] : [],
  );
  return held.length > 0 || times.length === 0 ? null : Math.max(...times);
}
