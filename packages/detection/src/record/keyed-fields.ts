import type { Envelope } from "@tripline/events";

/** Reads a keyed field of an envelope. */
export type KeyedField = (envelope: Envelope) => string | undefined;

/**
 * Fields of a call's envelope that take few values in a stream. What rules make of them is remembered by those values
 * (`engine/dispatch.ts`), so that most rules need not look at most records.
 */
export const KEYED_FIELDS: Readonly<Record<string, KeyedField>> = {
  tool: ({ target }) => target?.tool,
  server: ({ target }) => target?.server,
  method: ({ call }) => call?.method,
  environment: ({ target }) => target?.environment,
  transport: ({ target }) => target?.transport,
  upstream: ({ target }) => target?.upstream,
  assurance: ({ actor }) => actor?.assurance,
  agent: ({ actor }) => actor?.agent,
  client: ({ actor }) => actor?.client,
  team: ({ actor }) => actor?.team,
  "session.source": ({ session }) => session?.source,
  error_code: ({ call }) => call?.error_code,
  decision: ({ policy }) => policy?.decision,
};

/** What of a record has been looked at, as bits of `RecordView.reads`. Nothing else was where neither is set. */
export const READ_EFFECTS = 1;
export const READ_MORE = 2; // anything but keyed fields, phase, outcome, effects and tool classes
