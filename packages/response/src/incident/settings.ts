import { type Incident, SEVERITIES, type Triage } from "@tripline/events";
import { z } from "zod";
import { DURATION, durationMs } from "../duration.ts";
import { type IncidentState, isClosed, isoTime } from "./incident-state.ts";

/** `incidents` and `escalation` of response.yaml. */

const duration = z.string().regex(DURATION, { error: "expected a duration as 30m, 24h or 7d" });

const MAX_LEVELS = 10;
const DEFAULT_RESOLVE_AFTER = "24h"; // a day's work has gone by without it
const DEFAULT_ESCALATION = [{ after: "30m", min_severity: "high" as const }];

export const incidentSettingsSchema = z.strictObject({
  resolve_after: duration
    .default(DEFAULT_RESOLVE_AFTER)
    .describe(
      "an incident without a further alert for so long is resolved; findings about the record itself stay",
    ),
});

export const escalationSchema = z
  .array(
    z.strictObject({
      after: duration.describe("since people were told that it is open, and nobody acknowledged it"),
      min_severity: z.enum(SEVERITIES).default("high").describe("incidents below this skip this level"),
    }),
  )
  .max(MAX_LEVELS);

export const DEFAULT_INCIDENT_SETTINGS: z.infer<typeof incidentSettingsSchema> = {
  resolve_after: DEFAULT_RESOLVE_AFTER,
};
export const DEFAULT_ESCALATION_LEVELS: z.infer<typeof escalationSchema> = DEFAULT_ESCALATION;

/** What timers go by. */
export interface TimerSettings {
  incidents: z.infer<typeof incidentSettingsSchema>;
  escalation: z.infer<typeof escalationSchema>;
}

export type Due = Triage & { kind: "due" };

/** What is due for an incident at `now` (ms since the epoch), most urgent first. A mute keeps back all but the end. */
export function dueOf(state: IncidentState, settings: TimerSettings, now: number, isMuted: boolean): Due[] {
  if (isClosed(state)) return [];
  const { incident, episode } = state;
  const due = (what: Due["what"], level: number): Due => ({
    kind: "due",
    tenant: incident.tenant,
    incident_id: incident.id,
    what,
    level,
    episode,
    alerts: incident.alerts,
    at: isoTime(now),
  });
  const found: Due[] = [];
  if (!isMuted && isOwed(state, now)) found.push(due("tell", incident.escalation));
  const level = isMuted ? null : dueLevel(state, settings, now);
  if (level !== null) found.push(due("escalate", level));
  const quietFor = now - Date.parse(incident.last_alert_at);
  if (!lasts(incident) && quietFor >= msOf(settings.incidents.resolve_after)) {
    found.push(due("resolve", incident.escalation));
  }
  return found;
}

/** People were told that it is over, and it is not. */
function isOwed({ incident, toldAt, openTold, reopenTold, quietMs }: IncidentState, now: number): boolean {
  if (incident.state !== "open" || openTold !== null || toldAt === null) return false;
  return reopenTold === null || now - reopenTold >= quietMs;
}

/** The next level whose time has come, past those that are not for incidents of this severity; null when there is none. */
function dueLevel(
  { incident, openTold }: IncidentState,
  { escalation }: TimerSettings,
  now: number,
): number | null {
  if (incident.state !== "open" || openTold === null) return null;
  for (const [index, { after, min_severity }] of escalation.entries()) {
    const level = index + 1;
    if (level <= incident.escalation) continue;
    if (SEVERITIES.indexOf(incident.severity) < SEVERITIES.indexOf(min_severity)) continue;
    return now - openTold >= msOf(after) ? level : null;
  }
  return null;
}

/** Quiet says nothing about a gap in the record: it is there until its finder, or a person, says otherwise. */
function lasts({ alert }: Incident): boolean {
  return alert.tags?.includes("pipeline") === true;
}

function msOf(text: string): number {
  return durationMs(text) ?? Number.POSITIVE_INFINITY;
}
