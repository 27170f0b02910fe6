import { type Alert, type Envelope, type Revocation, TriplineError } from "@tripline/events";
import type { RecordProducer } from "@tripline/service";

/** What a `decision` record says. */
export type DecisionPart = NonNullable<Envelope["decision"]>;

/** Every decision becomes a record, in the same log as what led to it. */
export interface DecisionRecords {
  /** Resolves when the record is taken; rejects with a retriable error when it could not be. */
  write(tenant: string, decision: DecisionPart): Promise<void>;
}

/** The record's part for an entry that was written: `revoked` or, by its state, `reinstated`. */
export function decisionOf(entry: Revocation, by: string, reason: string): DecisionPart {
  return {
    kind: entry.state === "active" ? "revoked" : "reinstated",
    reason,
    by,
    alert_id: entry.alert_id,
    rule_id: entry.rule_id,
    revocation_id: entry.id,
    scope: entry.scope,
    subject: entry.subject,
    detected_at: entry.state === "active" ? entry.detected_at : undefined,
    decided_at: entry.state === "active" ? entry.decided_at : entry.reinstated_at,
  };
}

/** The record's part for a decision of the policy about an alert. */
export function aboutAlert(
  alert: Alert,
  decision: {
    kind: DecisionPart["kind"];
    reason: string;
    scope?: string;
    subject?: string;
    decidedAt: string;
  },
): DecisionPart {
  return {
    kind: decision.kind,
    reason: decision.reason,
    by: "policy",
    alert_id: alert.id,
    rule_id: alert.rule.id,
    scope: decision.scope,
    subject: decision.subject,
    detected_at: alert.detected_at,
    decided_at: decision.decidedAt,
  };
}

const PENDING = "TRIPLINE_RECORDS_PENDING";

/**
 * Decision records through the service's record producer. What the log does not take at once stays in the producer's queue and is
 * written when the log is back, so that counts as written: trying again would write it twice.
 */
export function decisionRecords(producer: RecordProducer): DecisionRecords {
  return {
    write: async (tenant, decision) => {
      try {
        await producer.write({ type: "decision", tenant, decision });
      } catch (error) {
        if (!(error instanceof TriplineError) || error.code !== PENDING) throw error;
      }
    },
  };
}
