import {
  type Alert,
  type Incident,
  incidentKey,
  TOPICS,
  type Triage,
  TriplineError,
  triageKey,
  triageSchema,
} from "@tripline/events";
import { subjectOf } from "@tripline/response";
import type { Emission, LogRecord } from "@tripline/stream";

const HEADERS = { "content-type": "application/json" };
const encoder = new TextEncoder();

/** The triage record of an alert that was decided about. */
export function alertEmission(triage: Triage & { kind: "alert" }): Emission {
  return { topic: TOPICS.triage, ...keyed(alertTriageKey(triage.alert), triage) };
}

/** A version of an incident. */
export function incidentEmission(incident: Incident): Emission {
  return { topic: TOPICS.incidents, ...keyed(incidentKey(incident.tenant, incident.id), incident) };
}

/** A triage record for the partition that holds the incident. */
export function triageFor(incident: Incident, triage: Triage): { key: string; value: Uint8Array } {
  const { tenant, rule, subject } = incident;
  return keyed(triageKey({ tenant, rule: rule.id, subject }), triage);
}

export function keyed(key: string, value: unknown) {
  return { key, value: encoder.encode(JSON.stringify(value)), headers: HEADERS };
}

/** @throws TriplineError TRIPLINE_TRIAGE_INVALID (permanent: a dead letter) */
export function parseTriage(record: LogRecord): Triage {
  try {
    return triageSchema.parse(JSON.parse(new TextDecoder().decode(record.value ?? new Uint8Array(0))));
  } catch (cause) {
    throw new TriplineError("TRIPLINE_TRIAGE_INVALID", "a record of the triage topic can't be read", {
      cause,
    });
  }
}

function alertTriageKey(alert: Alert): string {
  return triageKey({ tenant: alert.tenant, rule: alert.rule.id, subject: subjectOf(alert) });
}
