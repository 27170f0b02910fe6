/**
 * Incidents at work: the step that folds the triage topic, the timers that write what is due, and what people decide about
 * incidents, mutes and exceptions. What an incident is, is decided in packages/response. `responder.ts` puts it together.
 */
export * from "./exceptions-desk.ts";
export * from "./incident-desk.ts";
export * from "./incident-routes.ts";
export * from "./mutes-desk.ts";
export * from "./triage-writer.ts";
