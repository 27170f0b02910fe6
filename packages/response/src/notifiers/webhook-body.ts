import type { Alert } from "@tripline/events";
import type { Notification } from "../notification.ts";
import { visibleText } from "../visible-text.ts";
import { doneText, stillValidText, undoCommand } from "../wording/done-text.ts";
import { incidentLink } from "../wording/values.ts";

const MAX_EVIDENCE = 20; // keeps the body below 20 KB, which Standard Webhooks advises
const MAX_IN_FLIGHT = 20;
const MAX_TEXT_CHARS = 1024;

/**
 * The notification as JSON-ready data: `{type, timestamp, data}` of Standard Webhooks. Everything named in `untrusted` holds
 * text that agents and servers wrote: receivers escape it and never follow it.
 */
export function webhookBody(
  notification: Notification,
  { maxEvidence = MAX_EVIDENCE }: { maxEvidence?: number } = {},
): Record<string, unknown> {
  const { incident, done, kind } = notification;
  const { alert } = incident;
  const change = incident.history.at(-1);
  return {
    type: `incident.${kind}`,
    timestamp: incident.updated_at,
    data: {
      id: incident.id,
      version: incident.version,
      tenant: incident.tenant,
      severity: incident.severity,
      state: incident.state,
      escalation: incident.escalation,
      alerts: incident.alerts,
      opened_at: incident.opened_at,
      last_alert_at: incident.last_alert_at,
      rule: { id: incident.rule.id, title: text(incident.rule.title) },
      alert_id: alert.id,
      summary: text(alert.summary),
      why: text(alert.why),
      done: doneText(done),
      still_valid: stillValidText(alert, done) || undefined,
      next: alert.next.map(text),
      response: responseOf(notification),
      change: change === undefined ? undefined : named(change, ["at", "by", "kind", "note"]),
      actor: named(alert.actor, ["principal", "agent", "client", "credential", "assurance", "team"]),
      session: named(alert.session, ["id", "source", "trace_id"]),
      target: named(alert.target, ["server", "tool", "upstream", "environment"]),
      evidence: alert.evidence.slice(0, maxEvidence).map(evidence),
      evidence_left_out: Math.max(0, alert.evidence.length - maxEvidence),
      links: { incident: incidentLink(notification) },
      untrusted: ["summary", "actor", "session", "target", "evidence", "change", "response.in_flight"],
    },
  };
}

function responseOf({ done, publicUrl }: Notification): Record<string, unknown> {
  const { revocation } = done;
  const id = revocation?.id;
  return {
    kind: done.kind,
    reason: text(done.reason),
    revocation_id: id,
    scope: revocation?.scope,
    subject: revocation === undefined ? undefined : text(revocation.subject),
    detected_at: revocation?.detected_at,
    decided_at: revocation?.decided_at,
    expires_at: revocation?.expires_at,
    in_flight: done.in_flight
      ?.slice(0, MAX_IN_FLIGHT)
      .map((call) => named(call, ["record_id", "server", "tool", "started"])),
    undo:
      done.kind === "revoked" && id !== undefined
        ? {
            command: undoCommand(done),
            method: "POST",
            url: `${publicUrl}/api/revocations/${encodeURIComponent(id)}/reinstate`,
          }
        : undefined,
  };
}

function evidence(item: Alert["evidence"][number]): Record<string, unknown> {
  return named(item, ["record_id", "step", "time", "server", "tool", "outcome", "note"]) ?? {};
}

/** The named text members of a record's part, made visible; a newer producer's fields stay behind. */
function named(
  part: Readonly<Record<string, unknown>> | undefined,
  keys: readonly string[],
): Record<string, string> | undefined {
  if (part === undefined) return undefined;
  const members: Record<string, string> = {};
  for (const key of keys) {
    const value = part[key];
    if (typeof value === "string") members[key] = text(value);
  }
  return members;
}

function text(captured: string): string {
  return visibleText(captured, MAX_TEXT_CHARS);
}
