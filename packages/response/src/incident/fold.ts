import type { Incident, Triage } from "@tripline/events";
import { BOUNDS, type Bounds } from "./bounds.ts";
import { alertMark, identityOf, isOver, subjectOf } from "./ids.ts";
import { type IncidentState, isClosed, isoTime, type Step } from "./incident-state.ts";
import { grown, isStillItsOwn, opened, stillOpen } from "./on-alert.ts";
import { changed, doneChanged, escalated, refusalOf } from "./on-change.ts";
import { forgetClosed, groupKey, victimFor } from "./room.ts";
import { type IncidentBook, incidentIn } from "./rows.ts";

/** A change of state that somebody, or the timer, made: to be put on record. */
export interface Transition {
  incident: Incident;
  kind: "acknowledged" | "resolved" | "false_positive" | "reopened" | "escalated";
  by: string;
  note: string | undefined;
}

/** What one record makes of the book; nothing of it has happened before `applyFold`. */
export interface Folded {
  /** Why nothing happened; null where something did. */
  skipped: string | null;
  versions: Incident[];
  transitions: Transition[];
  /** Open incidents that had to be closed for lack of room. */
  evicted: number;
  /** For `applyFold`. */
  writes: { mark: [string, string]; states: IncidentState[]; latest: [string, string] | null };
}

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

/** Makes what `foldTriage` said of the same book true. */
export function applyFold(book: IncidentBook, { writes }: Folded, bounds: Bounds = BOUNDS): void {
  book.seen.set(...writes.mark);
  for (const state of writes.states) {
    const { id } = state.incident;
    const [into, from] = isClosed(state) ? [book.closed, book.open] : [book.open, book.closed];
    from.delete(id);
    into.set(id, state);
  }
  if (writes.latest !== null) book.latest.set(...writes.latest);
  forgetClosed(book, bounds);
}

type AlertTriage = Triage & { kind: "alert" };

function found(book: IncidentBook, arrived: AlertTriage, mark: string, at: number, bounds: Bounds): Folded {
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
function takenBack(book: IncidentBook, { alert, muted }: AlertTriage, mark: string, at: number): Folded {
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

function transition(
  { state }: Step,
  kind: Transition["kind"],
  by: string,
  note: string | undefined,
): Transition {
  return { incident: state.incident, kind, by, note };
}

function writesOf({ state }: Step, mark: string, remembered = ""): Folded["writes"] {
  return { mark: [mark, remembered], states: [state], latest: null };
}

function folded(step: Step, mark: string, remembered = ""): Folded {
  return {
    skipped: null,
    versions: step.version === null ? [] : [step.version],
    transitions: [],
    evicted: 0,
    writes: writesOf(step, mark, remembered),
  };
}

function skipped(reason: string, mark: string, remembered = ""): Folded {
  return {
    skipped: reason,
    versions: [],
    transitions: [],
    evicted: 0,
    writes: { mark: [mark, remembered], states: [], latest: null },
  };
}
