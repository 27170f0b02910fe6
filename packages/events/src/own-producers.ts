/**
 * The producer of the records that close calls nobody saw the end of. Their numbers are those of the intents, so they
 * have gaps, and no heartbeats.
 */
export const IN_DOUBT_PRODUCER = "tripline-in-doubt";

/** The producer of `rules.changed`: one boot for each record, and no heartbeats. */
export const RULES_PRODUCER = "tripline-rules";

/** The producer of statements of what has been usual: one boot for each, and no heartbeats. */
export const BASELINE_PRODUCER = "tripline-baselines";

/** The producer of records that say which payloads are over their age: one boot for each, and no heartbeats. */
export const RETENTION_PRODUCER = "tripline-retention";

/** Own producers whose records are not numbered one after the other: nobody can miss one by its number. */
export const UNNUMBERED_PRODUCERS: readonly string[] = [
  IN_DOUBT_PRODUCER,
  RULES_PRODUCER,
  BASELINE_PRODUCER,
  RETENTION_PRODUCER,
];

/** The ids under which Tripline's services write their own records: nobody can be enrolled under them. */
export const OWN_PRODUCERS: ReadonlySet<string> = new Set([
  "tripline",
  "collector",
  "console",
  "responder",
  ...UNNUMBERED_PRODUCERS,
]);
