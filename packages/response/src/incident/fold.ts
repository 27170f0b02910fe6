import type { Triage } from "@tripline/events";
import { BOUNDS, type Bounds } from "./bounds.ts";
import { found, takenBack } from "./fold-alert.ts";
import { type Folded, folded, skipped, transition } from "./folded.ts";
import { alertMark, identityOf, isOver } from "./ids.ts";
import { type IncidentState, isClosed } from "./incident-state.ts";
import { stillOpen } from "./on-alert.ts";
import { changed, doneChanged, escalated, refusalOf } from "./on-change.ts";
import { groupKey } from "./room.ts";
import { type IncidentBook, incidentIn } from "./rows.ts";

/**
 * What a triage record makes of the incidents of its partition. Pure, and without a clock: only records before it and its own
 * append time decide, and one that comes again changes nothing.
 * @param at when the record was appended, ms since the epoch
 */
export function foldTriage(book: IncidentBook, triage: Triage, at: number, bounds: Bounds = BOUNDS): Folded {
  const mark = identityOf(triage);
  if (book.seen.peek(mark) !== undefined) return skipped("repeated", mark, book.seen.peek(mark) ?? "");
  switch (triage.kind) {
    case "alert":
      return isOver(triage.alert) ? takenBack(book, triage, mark, at) : found(book, triage, mark, at, bounds);
    case "change":
      return byPerson(book, triage, mark, at);
    case "due":
      return byTimer(book, triage, mark, at);
    case "done":
      return done(book, triage, mark, at);
  }
}

function byPerson(book: IncidentBook, change: Triage & { kind: "change" }, mark: string, at: number): Folded {
  const state = ofTenant(book, change);
  if (state === undefined) return skipped("unknown_incident", mark);
  const { incident } = state;
  const refusal = refusalOf(incident.state, change.to);
  if (refusal !== null) return skipped(refusal, mark);
  const group = groupKey(incident);
  if (isClosed(state) && change.to === "open" && book.latest.peek(group) !== incident.id)
    return skipped("has_a_successor", mark);
  const step = changed(state, change, at);
  const kind = change.to === "open" ? "reopened" : change.to;
  return { ...folded(step, mark), transitions: [transition(step, kind, change.by, change.note)] };
}

function byTimer(book: IncidentBook, due: Triage & { kind: "due" }, mark: string, at: number): Folded {
  const state = ofTenant(book, due);
  if (state === undefined || isClosed(state)) return skipped("not_open", mark);
  if (state.episode !== due.episode) return skipped("opened_again_since", mark);
  const { incident } = state;
  if (due.what === "escalate") {
    if (incident.state !== "open" || state.openTold === null) return skipped("nobody_is_waited_for", mark);
    if (due.level <= incident.escalation) return skipped("level_reached", mark);
    const step = escalated(state, due, at);
    return {
      ...folded(step, mark),
      transitions: [transition(step, "escalated", "timer", `level ${due.level}`)],
    };
  }
  if (due.what === "tell") {
    if (incident.state !== "open" || state.openTold !== null) return skipped("told_already", mark);
    return folded(stillOpen(state, due.muted, at), mark);
  }
  if (incident.alerts !== due.alerts) return skipped("not_quiet", mark);
  const note = "no further alert came";
  const step = changed(state, { ...due, to: "resolved", by: "timer", note }, at);
  return { ...folded(step, mark), transitions: [transition(step, "resolved", "timer", note)] };
}

function done(book: IncidentBook, news: Triage & { kind: "done" }, mark: string, at: number): Folded {
  const state = incidentIn(book, book.seen.peek(alertMark(news.tenant, news.alert_id)) ?? "");
  if (state === undefined) return skipped("unknown_alert", mark);
  const { alert, done: known } = state.incident;
  const isShown = alert.id === news.alert_id || known.revocation?.alert_id === news.alert_id;
  if (!isShown && news.done.kind !== "revoked") return skipped("about_another_alert", mark);
  return folded(doneChanged(state, news, at), mark);
}

/** Only its own tenant's records change an incident, whatever id they name. */
function ofTenant(
  book: IncidentBook,
  { tenant, incident_id }: { tenant: string; incident_id: string },
): IncidentState | undefined {
  const state = incidentIn(book, incident_id);
  return state?.incident.tenant === tenant ? state : undefined;
}
