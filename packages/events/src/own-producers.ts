/**
 * The producer of the records that close calls nobody saw the end of. Their numbers are those of the intents, so they
 * have gaps, and no heartbeats.
 */
export const IN_DOUBT_PRODUCER = "tripline-in-doubt";

/** The ids under which Tripline's services write their own records: nobody can be enrolled under them. */
export const OWN_PRODUCERS: ReadonlySet<string> = new Set([
  "tripline",
  "collector",
  "console",
  "responder",
  IN_DOUBT_PRODUCER,
]);
