import { EVENTS_RETENTION_MS, TOPICS } from "@tripline/events";

/** A place that may hold a copy of what was erased. */
export interface Copy {
  where: string;
  /** What lies there, and what ends it. */
  what: string;
  /** RFC 3339: nothing is left there from then on; null where no date can be given. */
  ends: string | null;
}

const DAY_MS = 24 * 3600 * 1000;
const DEAD_LETTER_BYTES_DAYS = 30; // of the table dead_letter_bytes
const OLD_PARTS_MS = 8 * 60 * 1000; // ClickHouse's old_parts_lifetime: how long it keeps files that a removal replaced

/**
 * Every other copy of what an erasure covers, and when it ends. Dates are the latest possible ones, by the retention that
 * Tripline's topics and tables are made with.
 */
export function copiesOf({
  nowMs,
  newestAppend,
  backupDays,
}: {
  nowMs: number;
  /** When the newest of what is covered was appended to the log; null when nothing is left that could say. */
  newestAppend: string | null;
  /** How long backups are kept, as the operator said; undefined where nobody said. */
  backupDays: number | undefined;
}): Copy[] {
  const after = (ms: number) => new Date(nowMs + ms).toISOString();
  const appended = newestAppend === null ? nowMs : Date.parse(newestAppend);
  const inTopic = new Date(appended + EVENTS_RETENTION_MS).toISOString();
  return [
    {
      where: "store",
      what: "the rows themselves: removed within seconds of the record; ClickHouse keeps the files they were in for minutes",
      ends: after(OLD_PARTS_MS),
    },
    {
      where: `topic ${TOPICS.events}`,
      what: "the records as they were sent, until the topic's retention; whoever archives them again does not store the payloads",
      ends: inTopic,
    },
    {
      where: `topic ${TOPICS.facts}`,
      what: "what rules of the second stage need of a record, until the topic's retention",
      ends: inTopic,
    },
    {
      where: `topic ${TOPICS.deadLetters}, and dead letters in the store`,
      what: "whole originals of records that a step could not use; see `tripline dead-letters list`. A replay does not bring payloads back",
      ends: after(DEAD_LETTER_BYTES_DAYS * DAY_MS),
    },
    {
      where: "spools of interceptors",
      what: "records that are not sent yet, on the machines that made them; gone when they are sent, and their payloads are then not stored",
      ends: null,
    },
    {
      where: `topic ${TOPICS.state}`,
      what: "snapshots of the detector: hashes and short quotes that rules remember; forgotten as their windows pass",
      ends: null,
    },
    {
      where: "alerts, incidents, and whatever was notified",
      what: "alerts and incidents quote arguments and results in a few words, in the store and where they were sent; erasing leaves them",
      ends: null,
    },
    {
      where: "the embedded log's file",
      what: "pages that retention freed stay as they are until they are used again; an encrypted disk is the remedy",
      ends: null,
    },
    {
      where: "backups",
      what:
        backupDays === undefined
          ? "whatever you have made of the data directory, the database or the broker; Tripline does not know them: say how long they are kept with --backup-days"
          : `as --backup-days says. After restoring one, start archiver and eraser: they carry the erasures out again, as long as ${TOPICS.erasures} is newer than the backup`,
      ends: backupDays === undefined ? null : after(backupDays * DAY_MS),
    },
  ];
}
