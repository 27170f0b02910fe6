import type { Alert, Incident } from "@tripline/events";
import type { Access } from "@tripline/service";
import type { AlertRow, IncidentRow } from "@tripline/store";
import { mayReadPayloads } from "./read-route.ts";

/**
 * Summaries and notes of alerts quote what was in arguments and results (a path, an address). Who may not read payloads
 * gets the rule's title instead, and evidence and score without their notes.
 */
export function alertRowFor(access: Access, row: AlertRow): AlertRow {
  return mayReadPayloads(access) ? row : { ...row, summary: row.rule_title };
}

export function alertFor(access: Access, alert: Alert): Alert {
  if (mayReadPayloads(access)) return alert;
  const evidence = alert.evidence.map(({ note: _note, ...item }) => item);
  const { score } = alert;
  if (score === undefined) return { ...alert, summary: alert.rule.title, evidence };
  const contributions = score.contributions.map(({ note: _note, ...each }) => each);
  return { ...alert, summary: alert.rule.title, evidence, score: { ...score, contributions } };
}

export function incidentRowFor(access: Access, row: IncidentRow): IncidentRow {
  return mayReadPayloads(access) ? row : { ...row, summary: row.rule_title };
}

export function incidentFor(access: Access, incident: Incident): Incident {
  return { ...incident, alert: alertFor(access, incident.alert) };
}
