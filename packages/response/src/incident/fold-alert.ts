import type { Triage } from "@tripline/events";
import type { Bounds } from "./bounds.ts";
import { type Folded, folded, skipped, transition, writesOf } from "./folded.ts";
import { alertMark, subjectOf } from "./ids.ts";
import { isClosed, isoTime } from "./incident-state.ts";
import { grown, isStillItsOwn, opened } from "./on-alert.ts";
import { changed } from "./on-change.ts";
import { groupKey, victimFor } from "./room.ts";
import { type IncidentBook, incidentIn } from "./rows.ts";

type AlertTriage = Triage & { kind: "alert" };

/** A rule found something: an incident opens, grows, or is opened again. */
export function found(
  book: IncidentBook,
  arrived: AlertTriage,
  mark: string,
  at: number,
  bounds: Bounds,
): Folded {
  const { alert } = arrived;
  const group = groupKey({ ...alert, subject: subjectOf(alert) });
  const known = incidentIn(book, book.latest.peek(group) ?? "");
  if (known !== undefined && !isClosed(known)) {
    return folded(grown(known, arrived, at), mark, known.incident.id);
  }
  if (known !== undefined && isStillItsOwn(known, at)) {
    const step = grown(known, arrived, at);
    const result = folded(step, mark, known.incident.id);
    if (isClosed(step.state)) return result;
    const reopened = transition(step, "reopened", "policy", "its alerts go on");
    return withRoom({ ...result, transitions: [reopened] }, book, alert.tenant, at, bounds);
  }
  const step = opened(arrived, at);
  const { id } = step.state.incident;
  const result = folded(step, mark, id);
  result.writes.latest = [group, id];
  return withRoom(result, book, alert.tenant, at, bounds);
}

/** One more will be open: where that is one too many, the one that has been quiet for longest is closed. */
function withRoom(result: Folded, book: IncidentBook, tenant: string, at: number, bounds: Bounds): Folded {
  const victim = victimFor(book, tenant, bounds);
  if (victim === undefined) return result;
  const note = "closed for lack of room: more incidents are open than can be followed";
  const { state, version } = changed(
    { ...victim, openTold: null },
    { to: "resolved", by: "policy", at: isoTime(at), note },
    at,
  );
  return {
    ...result,
    versions: [...(version === null ? [] : [version]), ...result.versions],
    transitions: [...result.transitions, transition({ state, version }, "resolved", "policy", note)],
    evicted: 1,
    writes: { ...result.writes, states: [state, ...result.writes.states] },
  };
}

/** Its finder says that what an alert said is not so any more. When that is so of all of them, the incident is over. */
export function takenBack(
  book: IncidentBook,
  { alert, muted }: AlertTriage,
  mark: string,
  at: number,
): Folded {
  const state = incidentIn(book, book.seen.peek(alertMark(alert.tenant, alert.id)) ?? "");
  if (state === undefined) return skipped("unknown_alert", mark);
  const less = { ...state, over: state.over + 1 };
  if (isClosed(less) || less.over < less.incident.alerts) {
    return { ...skipped("not_over_yet", mark), writes: writesOf({ state: less, version: null }, mark) };
  }
  const by = alert.state_by ?? "policy";
  const note = alert.state_note;
  const step = changed(less, { to: "resolved", by, at: alert.state_at ?? alert.time, note, muted }, at);
  return { ...folded(step, mark), transitions: [transition(step, "resolved", by, note)] };
}
