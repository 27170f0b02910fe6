/**
 * The producer of the records that close calls nobody saw the end of. Their numbers are those of the intents, so they
 * have gaps, and no heartbeats.
 */
export const IN_DOUBT_PRODUCER = "tripline-in-doubt";
