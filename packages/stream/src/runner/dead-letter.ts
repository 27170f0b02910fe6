import { MAX_LOG_RECORD_BYTES, recordBytes } from "../limits.ts";
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
  /** Where the letter could not hold the whole record: the bytes of the original's value; its key and headers may be gone. */
  cut: "dead_letter_cut",
} as const;

const MAX_REASON_CHARS = 200; // a word or an error code; a record's own text must not grow its headers
const MAX_CUT_KEY_CHARS = 1000; // of a letter that is cut: enough to see whose it is

/**
 * The record as it was, and beside it why it is here and where it came from. A record that fills a log's record to the
 * brim does not fit together with that: its letter holds the beginning of its value, and the whole is at its position.
 */
export function deadLetter(record: LogRecord, step: string, reason: string): NewRecord {
  const why = {
    [DEAD_LETTER_HEADERS.reason]: reason.slice(0, MAX_REASON_CHARS),
    [DEAD_LETTER_HEADERS.step]: step,
    [DEAD_LETTER_HEADERS.topic]: record.topic,
    [DEAD_LETTER_HEADERS.partition]: String(record.partition),
    [DEAD_LETTER_HEADERS.offset]: String(record.offset),
    ...(record.value === null ? { [DEAD_LETTER_HEADERS.tombstone]: "true" } : {}),
  };
  const value = record.value ?? new Uint8Array(0);
  const whole: NewRecord = { key: record.key, value, headers: { ...record.headers, ...why } };
  if (recordBytes(whole) <= MAX_LOG_RECORD_BYTES) return whole;
  const cut = { ...why, [DEAD_LETTER_HEADERS.cut]: String(value.byteLength) };
  const kept = { key: record.key, headers: { ...record.headers, ...cut } };
  const head =
    room(kept) >= 0 ? kept : { key: record.key?.slice(0, MAX_CUT_KEY_CHARS) ?? null, headers: cut };
  return { ...head, value: value.subarray(0, room(head)) };
}

/** Bytes that are left for a value. */
function room(head: Omit<NewRecord, "value">): number {
  return MAX_LOG_RECORD_BYTES - recordBytes({ ...head, value: null });
}
