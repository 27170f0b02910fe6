import type { Incident } from "@tripline/events";
import { isoTime, type RowSource, SOURCE_COLUMNS, sourceValues } from "./source.ts";
import { isStorableTime } from "./storable.ts";

/** A version of an incident → a row of `incidents`, and one of `incident_alerts` for each alert that it names. */

export const INCIDENT_COLUMNS: readonly string[] = [
  "tenant",
  "id",
  "version",
  "rule_id",
  "rule_title",
  "subject",
  "severity",
  "state",
  "opened_at",
  "last_alert_at",
  "updated_at",
  "alert_count",
  "escalation",
  "muted",
  "summary",
  "why",
  "principal",
  "agent",
  "credential",
  "team",
  "session",
  "server",
  "tool",
  "environment",
  "done_kind",
  "done_reason",
  "revocation_id",
  "body",
  ...SOURCE_COLUMNS,
];

export const INCIDENT_ALERT_COLUMNS: readonly string[] = ["tenant", "alert_id", "incident_id"];

/** @param incidentText the record's own JSON */
export function rowFromIncident(incident: Incident, incidentText: string, source: RowSource): string {
  const text = (value: string | undefined) => value?.toWellFormed() ?? "";
  const time = (value: string) => (isStorableTime(value) ? value : isoTime(source.appendTime));
  const { alert, done } = incident;
  return JSON.stringify([
    incident.tenant,
    incident.id,
    incident.version,
    text(incident.rule.id),
    text(incident.rule.title),
    text(incident.subject),
    incident.severity,
    incident.state,
    time(incident.opened_at),
    time(incident.last_alert_at),
    time(incident.updated_at),
    incident.alerts,
    incident.escalation,
    text(incident.muted),
    text(alert.summary),
    text(alert.why),
    text(alert.actor?.principal),
    text(alert.actor?.agent),
    text(alert.actor?.credential),
    text(alert.actor?.team),
    text(alert.session?.id),
    text(alert.target?.server),
    text(alert.target?.tool),
    text(alert.target?.environment),
    done.kind,
    text(done.reason),
    text(done.revocation?.id),
    incidentText.toWellFormed(),
    ...sourceValues(source),
  ]);
}

/** One line for each alert id; versions of one incident repeat them, line for line. */
export function rowsFromIncidentAlerts(incident: Incident): string[] {
  return incident.alert_ids.map((alertId) => JSON.stringify([incident.tenant, alertId, incident.id]));
}
