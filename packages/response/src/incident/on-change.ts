import type { IncidentState as IncidentStateName, Triage, WhatWasDone } from "@tripline/events";
import {
  type IncidentState,
  isClosed,
  type NoticeKind,
  nextVersion,
  type Step,
  withHistory,
} from "./incident-state.ts";
import { openedAgain } from "./on-alert.ts";

/** Why a change is not made. */
export type Refusal = "same_state" | "not_open" | "has_a_successor";

const NOTICE_OF = {
  open: "reopened",
  acknowledged: "acknowledged",
  resolved: "resolved",
  false_positive: "false_positive",
} as const satisfies Record<IncidentStateName, NoticeKind>;

/** Whether a person may bring an incident in state `from` to `to`; null: yes. */
export function refusalOf(from: IncidentStateName, to: IncidentStateName): Refusal | null {
  if (from === to) return "same_state";
  return to === "acknowledged" && from !== "open" ? "not_open" : null;
}

/**
 * What somebody made of the incident. People hear of it if they had heard of the incident.
 * @param at ms since the epoch
 */
export function changed(
  before: IncidentState,
  change: {
    to: IncidentStateName;
    by: string;
    at: string;
    note?: string | undefined;
    muted?: string | undefined;
  },
  at: number,
): Step {
  const { to, by, note, muted } = change;
  const said = { at: change.at, by, ...(note === undefined ? {} : { note }) };
  const state =
    to === "open"
      ? openedAgain(before, said)
      : {
          ...before,
          incident: withHistory({ ...before.incident, state: to }, { ...said, kind: to }),
        };
  const notice = isHeardOf(before, to) ? NOTICE_OF[to] : null;
  const step = nextVersion(state, { at, notice, muted });
  // Whoever closes it in silence has closed it all the same: the next that people hear is that it is open again.
  return isClosed(step.state) ? { ...step, state: { ...step.state, openTold: null } } : step;
}

/** Nobody acknowledged it in time: told once more, at the next level. */
export function escalated(before: IncidentState, due: Triage & { kind: "due" }, at: number): Step {
  const { level, muted } = due;
  const entry = { at: due.at, by: "timer", kind: "escalated", note: `level ${level}` };
  const incident = withHistory({ ...before.incident, escalation: level }, entry);
  return nextVersion({ ...before, incident }, { at, notice: "escalated", muted });
}

/** What was done about one of its alerts is something else now. */
export function doneChanged(
  before: IncidentState,
  { done, by, at: time }: { done: WhatWasDone; by?: string | undefined; at: string },
  at: number,
): Step {
  const known = before.incident.done;
  const isNews = known.kind !== done.kind || known.revocation?.id !== done.revocation?.id;
  if (!isNews) return { state: before, version: null };
  const entry = { at: time, by: by ?? "policy", kind: done.kind, note: done.reason };
  const incident = withHistory({ ...before.incident, done }, entry);
  const { muted } = before.incident;
  const notice = !isClosed(before) && before.toldAt !== null ? "done" : null;
  return nextVersion({ ...before, incident }, { at, notice, muted });
}

function isHeardOf({ toldAt, openTold }: IncidentState, to: IncidentStateName): boolean {
  return to === "open" ? toldAt !== null : openTold !== null;
}
