import { type Alert, MAX_INCIDENT_ALERTS, SEVERITIES, type WhatWasDone } from "@tripline/events";
import { FIRST_QUIET_MS, MAX_QUIET_MS, REOPEN_WITHIN_MS } from "./bounds.ts";
import { incidentId, subjectOf } from "./ids.ts";
import {
  type IncidentState,
  isClosed,
  isoTime,
  type NoticeKind,
  nextVersion,
  type Step,
  withHistory,
} from "./incident-state.ts";

interface Arrived {
  alert: Alert;
  done: WhatWasDone;
  muted?: string | undefined;
}

/** The incident that an alert opens. @param at ms since the epoch */
export function opened({ alert, done, muted }: Arrived, at: number): Step {
  const time = isoTime(at);
  const state: IncidentState = {
    incident: {
      v: 1,
      id: incidentId(alert),
      version: 0,
      tenant: alert.tenant,
      rule: { id: alert.rule.id, title: alert.rule.title },
      subject: subjectOf(alert),
      severity: alert.severity,
      state: "open",
      opened_at: time,
      last_alert_at: time,
      updated_at: time,
      alerts: 1,
      alert_ids: [alert.id],
      alert,
      done,
      escalation: 0,
      history: [{ at: time, by: "policy", kind: "opened" }],
    },
    episode: 1,
    over: 0,
    notices: 0,
    toldAt: null,
    openTold: null,
    reopenTold: null,
    quietMs: FIRST_QUIET_MS,
  };
  return nextVersion(state, { at, notice: "opened", muted });
}

/** Whether an alert that comes at `at` belongs to a closed incident and not to a new one. */
export function isStillItsOwn({ incident }: IncidentState, at: number): boolean {
  return at - Date.parse(closedAt(incident)) < REOPEN_WITHIN_MS;
}

/** The incident with one more alert; a resolved one is opened again, a false positive only counts it. */
export function grown(before: IncidentState, arrived: Arrived, at: number): Step {
  const { alert, muted } = arrived;
  const isGraver = rank(alert) > rank(before.incident);
  let state = counted(before, arrived, at);
  if (before.incident.state === "false_positive") return nextVersion(state, { at, notice: null, muted });
  if (isClosed(before)) state = openedAgain(state, { at: isoTime(at), by: "policy" });
  const notice = noticeOfGrowth(state, isGraver, at);
  const isRepeated = notice === "grew" || (notice === "reopened" && state.reopenTold !== null);
  if (isRepeated && !isGraver && muted === undefined) state = withLongerQuiet(state);
  return nextVersion(state, { at, notice, muted });
}

/** People believe that it is over, for it came and went too often to be told each time. It has been open for long enough now. */
export function stillOpen(before: IncidentState, muted: string | undefined, at: number): Step {
  return nextVersion(withLongerQuiet(before), { at, notice: "reopened", muted });
}

function withLongerQuiet(state: IncidentState): IncidentState {
  return { ...state, quietMs: Math.min(state.quietMs * 2, MAX_QUIET_MS) };
}

/** The same incident, open once more: nobody has acknowledged it, and it escalates from the start. */
export function openedAgain(
  state: IncidentState,
  { at, by, note }: { at: string; by: string; note?: string | undefined },
): IncidentState {
  const entry = { at, by, kind: "reopened", ...(note === undefined ? {} : { note }) };
  const incident = withHistory({ ...state.incident, state: "open", escalation: 0 }, entry);
  return { ...state, incident, episode: state.episode + 1, openTold: null };
}

function counted(before: IncidentState, { alert, done }: Arrived, at: number): IncidentState {
  const { incident } = before;
  const isShown = rank(alert) >= rank(incident.alert);
  return {
    ...before,
    incident: {
      ...incident,
      severity: rank(alert) > rank(incident) ? alert.severity : incident.severity,
      last_alert_at: isoTime(at),
      alerts: incident.alerts + 1,
      alert_ids: [...incident.alert_ids, alert.id].slice(-MAX_INCIDENT_ALERTS),
      ...(isShown ? { alert } : {}),
      ...(isShown && !hidesMore(incident.done, done) ? { done } : {}),
    },
  };
}

/**
 * Why people hear of growth, if they do: they don't know that it is open, it is graver than they were told, or it went on
 * for longer than the quiet time. Who has acknowledged it hears only of what is graver.
 */
function noticeOfGrowth(state: IncidentState, isGraver: boolean, at: number): NoticeKind | null {
  const { incident, toldAt, openTold, reopenTold, quietMs } = state;
  if (toldAt === null) return "opened";
  if (incident.state === "acknowledged") return isGraver ? "grew" : null;
  if (openTold === null) {
    return isGraver || reopenTold === null || at - reopenTold >= quietMs ? "reopened" : null;
  }
  return isGraver || at - toldAt >= quietMs ? "grew" : null;
}

/** A key that is taken away stays what on-call reads, also when a further alert left it at that. */
function hidesMore(before: WhatWasDone, now: WhatWasDone): boolean {
  return before.kind === "revoked" && now.kind !== "revoked" && now.kind !== "reinstated";
}

function closedAt({ history, updated_at }: IncidentState["incident"]): string {
  return history.findLast(({ kind }) => kind === "resolved" || kind === "false_positive")?.at ?? updated_at;
}

function rank({ severity }: { severity: Alert["severity"] }): number {
  return SEVERITIES.indexOf(severity);
}
