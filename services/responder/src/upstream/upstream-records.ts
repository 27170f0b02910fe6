import type { Revocation } from "@tripline/events";
import type { DecisionPart } from "../decision-records.ts";

const MAX_REASON_CHARS = 1024; // of a decision

type UpstreamKind =
  | "upstream_acknowledged"
  | "upstream_verified"
  | "upstream_failed"
  | "upstream_reinstated"
  | "withheld";

/** The record's part for what an issuer did. `revoker`: absent where there is none. @param now ms since the epoch */
export function aboutUpstream(
  entry: Revocation,
  kind: UpstreamKind,
  { revoker, reason, now }: { revoker?: string; reason: string; now: number },
): DecisionPart {
  return {
    kind,
    reason: reason.slice(0, MAX_REASON_CHARS),
    by: "policy",
    alert_id: entry.alert_id,
    rule_id: entry.rule_id,
    revocation_id: entry.id,
    via: revoker,
    scope: entry.scope,
    subject: entry.subject,
    decided_at: new Date(now).toISOString(),
  };
}
