import { type Incident, incidentSchema, MAX_INCIDENT_HISTORY } from "@tripline/events";
import { z } from "zod";

/** An incident and what its next change depends on. Values are never changed in place. */
export const incidentStateSchema = z.object({
  /** Without `notice`. */
  incident: incidentSchema,
  /** 1 when it is opened, one more with each time that it is opened again. */
  episode: z.number(),
  /** How many of its alerts their finder has taken back since. */
  over: z.number(),
  /** Notices so far. */
  notices: z.number(),
  /** ms since the epoch of the last notice; null before the first. */
  toldAt: z.number().nullable(),
  /** ms since the epoch of the first notice since it was last opened; null: people don't know that it is open. */
  openTold: z.number().nullable(),
  /** ms since the epoch of the last notice that it is open again; null before the first. */
  reopenTold: z.number().nullable(),
  /** ms that an incident which grows, or comes and goes, is quiet after its last notice. */
  quietMs: z.number(),
});
export type IncidentState = z.infer<typeof incidentStateSchema>;

export type NoticeKind = NonNullable<Incident["notice"]>["kind"];

/** One change of an incident. */
export interface Step {
  state: IncidentState;
  /** The further version to be emitted; null where nothing changed. */
  version: Incident | null;
}

export function isClosed({ incident }: Pick<IncidentState, "incident">): boolean {
  return incident.state === "resolved" || incident.state === "false_positive";
}

export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** The incident with one more change in its history; the oldest go first. */
export function withHistory(incident: Incident, entry: Incident["history"][number]): Incident {
  return { ...incident, history: [...incident.history, entry].slice(-MAX_INCIDENT_HISTORY) };
}

/**
 * The next version at `at` (ms since the epoch), with a notice of that kind unless it is null or a mute keeps it back.
 * @param muted id of the mute that covers it now
 */
export function nextVersion(
  state: IncidentState,
  { at, notice, muted }: { at: number; notice: NoticeKind | null; muted: string | undefined },
): Step {
  const { muted: _before, notice: _told, ...kept } = state.incident;
  const incident: Incident = {
    ...kept,
    version: kept.version + 1,
    updated_at: isoTime(at),
    ...(muted === undefined ? {} : { muted }),
  };
  if (notice === null || muted !== undefined) return { state: { ...state, incident }, version: incident };
  const notices = state.notices + 1;
  const told: IncidentState = {
    ...state,
    incident,
    notices,
    toldAt: at,
    openTold: isClosed({ incident }) ? null : (state.openTold ?? at),
    reopenTold: notice === "reopened" ? at : state.reopenTold,
  };
  return { state: told, version: { ...incident, notice: { kind: notice, number: notices } } };
}
