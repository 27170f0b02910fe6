import type { Alert, Severity } from "@tripline/events";
import { isClosed, type Notification } from "../../notification.ts";
import { visibleText } from "../../visible-text.ts";
import { doneText } from "../../wording/done-text.ts";
import { incidentLink } from "../../wording/values.ts";

// https://schema.ocsf.io/1.5.0/classes/detection_finding
const OCSF_VERSION = "1.5.0";
const CATEGORY_UID = 2;
const CLASS_UID = 2004;
const ACTIVITY = { create: 1, update: 2, close: 3 } as const;
const ACTIVITY_NAME = { create: "Create", update: "Update", close: "Close" } as const;
const ANALYTIC_RULE = 1;

const SEVERITY: Record<Severity, { id: number; caption: string }> = {
  informational: { id: 1, caption: "Informational" },
  low: { id: 2, caption: "Low" },
  medium: { id: 3, caption: "Medium" },
  high: { id: 4, caption: "High" },
  critical: { id: 5, caption: "Critical" },
};
const STATUS = {
  open: { id: 1, caption: "New" },
  acknowledged: { id: 2, caption: "In Progress" },
  false_positive: { id: 3, caption: "Suppressed" },
  resolved: { id: 4, caption: "Resolved" },
} as const;

const MAX_EVIDENCE = 20;
const MAX_TEXT_CHARS = 1024;

/** The notification as an OCSF Detection Finding; the incident is the finding. @param now ms since the epoch, when it is sent */
export function ocsfFinding(
  notification: Notification,
  now: number,
  { maxEvidence = MAX_EVIDENCE }: { maxEvidence?: number } = {},
): Record<string, unknown> {
  const { incident, id, done, kind } = notification;
  const { alert } = incident;
  const activity = isClosed(notification) ? "close" : kind === "opened" ? "create" : "update";
  const severity = SEVERITY[incident.severity];
  const status = kind === "test" ? STATUS.resolved : STATUS[incident.state];
  const note = incident.history.at(-1)?.note;
  return {
    activity_id: ACTIVITY[activity],
    activity_name: ACTIVITY_NAME[activity],
    category_uid: CATEGORY_UID,
    category_name: "Findings",
    class_uid: CLASS_UID,
    class_name: "Detection Finding",
    type_uid: CLASS_UID * 100 + ACTIVITY[activity],
    type_name: `Detection Finding: ${ACTIVITY_NAME[activity]}`,
    severity_id: severity.id,
    severity: severity.caption,
    status_id: status.id,
    status: status.caption,
    time: Date.parse(incident.updated_at),
    start_time: Date.parse(alert.evidence[0]?.time ?? incident.opened_at),
    end_time: Date.parse(incident.last_alert_at),
    count: incident.alerts,
    message: text(alert.summary),
    ...(note === undefined ? {} : { comment: text(note) }),
    metadata: {
      version: OCSF_VERSION,
      product: { name: "Tripline", vendor_name: "Tripline" },
      uid: id,
      correlation_uid: incident.id,
      tenant_uid: incident.tenant,
      event_code: kind,
      processed_time: now,
    },
    finding_info: {
      uid: incident.id,
      title: text(incident.rule.title),
      desc: text(alert.why),
      types: [text(incident.rule.id)],
      analytic: {
        type_id: ANALYTIC_RULE,
        type: "Rule",
        uid: text(incident.rule.id),
        name: text(incident.rule.title),
      },
      created_time: Date.parse(incident.opened_at),
      modified_time: Date.parse(incident.updated_at),
      first_seen_time: Date.parse(incident.opened_at),
      last_seen_time: Date.parse(incident.last_alert_at),
      src_url: incidentLink(notification),
      related_events: alert.evidence.slice(0, maxEvidence).map((call) => ({ uid: call.record_id })),
    },
    evidences: alert.evidence.slice(0, maxEvidence).map(evidence),
    resources: resourcesOf(alert),
    remediation: { desc: [doneText(done), ...alert.next].map(text).join("\n") },
    unmapped: {
      evidence_left_out: Math.max(0, alert.evidence.length - maxEvidence),
      response: done.kind,
      escalation: incident.escalation,
    },
  };
}

function evidence(call: Alert["evidence"][number]): Record<string, unknown> {
  return {
    name: text(call.step),
    data: { note: text(call.note ?? ""), time: call.time, outcome: text(call.outcome ?? "") },
    api: {
      operation: text(call.tool ?? "tools/call"),
      request: { uid: call.record_id },
      ...(call.server === undefined ? {} : { group: { name: text(call.server), type: "MCP server" } }),
    },
  };
}

/** Who acted and what was acted on, by the ids that the record has. */
function resourcesOf({ actor, session, target }: Alert): Record<string, unknown>[] {
  const all = [
    { type: "credential", uid: actor?.credential },
    { type: "agent", uid: actor?.agent },
    { type: "principal", uid: actor?.principal },
    { type: "session", uid: session?.id },
    { type: "MCP server", uid: target?.server },
  ];
  return all.flatMap(({ type, uid }) =>
    uid === undefined ? [] : [{ type, uid: text(uid), name: text(uid), ...teamOf(type, actor?.team) }],
  );
}

function teamOf(type: string, team: string | undefined): Record<string, unknown> {
  return type === "agent" && team !== undefined ? { group: { name: text(team), type: "team" } } : {};
}

function text(captured: string): string {
  return visibleText(captured, MAX_TEXT_CHARS);
}
