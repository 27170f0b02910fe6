/**
 * Incidents: what on-call works with, folded from the records of the triage topic. Pure: no I/O, and no clock but the records'.
 * `foldTriage` says what a record makes of a book of incidents, `applyFold` makes it so; `dueOf` says what timers are to write.
 */
export { BOUNDS, type Bounds, FIRST_QUIET_MS, MAX_SEEN, REOPEN_WITHIN_MS } from "./bounds.ts";
export { isNarrow, ownValuesLiterally, proposedWhere } from "./exception.ts";
export { foldTriage } from "./fold.ts";
export { applyFold, type Folded, type Transition } from "./folded.ts";
export { incidentId, isOver, subjectOf } from "./ids.ts";
export { type IncidentState, incidentStateSchema } from "./incident-state.ts";
export { muteOfAlert, muteOfIncident } from "./mutes.ts";
export { type Refusal, refusalOf } from "./on-change.ts";
export { emptyBook, type IncidentBook, incidentIn, MapRows, type Rows } from "./rows.ts";
export * from "./settings.ts";
