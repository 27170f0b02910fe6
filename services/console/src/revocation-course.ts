import type { RevocationCourse } from "@tripline/store";
import type { TimelineStep } from "./revocation-timeline.ts";

type Decision = RevocationCourse["decisions"][number];

const MAX_NAMED = 5;

/** What was decided around a revocation as steps of its timeline: what was late, and what its issuer said. */
export function courseSteps({ decisions }: RevocationCourse): Omit<TimelineStep, "after_ms">[] {
  return decisions.map((decision) => ({
    step: decision.kind,
    label: labelOf(decision),
    at: decision.at,
    clock: "responder",
    record_id: decision.record_id,
  }));
}

function labelOf({ kind, via, reason, interceptors }: Decision): string {
  const issuer = via === null ? "the issuer" : `the issuer (${via})`;
  switch (kind) {
    case "not_enforced":
      return `on-call was told: ${named(interceptors)} had not said in time that it refuses`;
    case "enforced":
      return `${named(interceptors)}: ${reason}`;
    case "upstream_acknowledged":
      return `${issuer} acknowledged: ${reason}`;
    case "upstream_verified":
      return `${issuer} was seen to refuse it: ${reason}`;
    case "upstream_failed":
      return `${issuer} did not revoke it: ${reason}`;
    case "upstream_reinstated":
      return `${issuer} accepts it again: ${reason}`;
  }
}

function named(interceptors: Decision["interceptors"]): string {
  if (interceptors.length === 0) return "an interceptor";
  const names = interceptors.slice(0, MAX_NAMED).map(({ producer }) => producer);
  const rest = interceptors.length - names.length;
  return `${names.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}
