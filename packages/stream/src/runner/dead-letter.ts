import type { LogRecord, NewRecord } from "../log.ts";

/** Headers that the runner adds to a dead letter, beside the record's own. */
export const DEAD_LETTER_HEADERS = {
  reason: "dead_letter_reason",
  step: "dead_letter_step",
  topic: "dead_letter_topic",
  partition: "dead_letter_partition",
  offset: "dead_letter_offset",
  /** `true` where the original had no value; the dead letter's is empty then. */
  tombstone: "dead_letter_tombstone",
} as const;

const MAX_REASON_CHARS = 200; // a word or an error code; a record's own text must not grow its headers

/** The record as it was, and beside it why it is here and where it came from. */
export function deadLetter(record: LogRecord, step: string, reason: string): NewRecord {
  return {
    key: record.key,
    value: record.value ?? new Uint8Array(0),
    headers: {
      ...record.headers,
      [DEAD_LETTER_HEADERS.reason]: reason.slice(0, MAX_REASON_CHARS),
      [DEAD_LETTER_HEADERS.step]: step,
      [DEAD_LETTER_HEADERS.topic]: record.topic,
      [DEAD_LETTER_HEADERS.partition]: String(record.partition),
      [DEAD_LETTER_HEADERS.offset]: String(record.offset),
      ...(record.value === null ? { [DEAD_LETTER_HEADERS.tombstone]: "true" } : {}),
    },
  };
}
