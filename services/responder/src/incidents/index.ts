/**
 * Incidents at work: the step that folds the triage topic, the timers that write what is due, and how an incident is found by its
 * id. What an incident is, is decided in packages/response. `responder.ts` puts it together; routes use it.
 */
export * from "./incident-lookup.ts";
export * from "./incident-step.ts";
export * from "./incident-timers.ts";
export * from "./owned-books.ts";
export * from "./triage-record.ts";
export * from "./triage-writer.ts";
