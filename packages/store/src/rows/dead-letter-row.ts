import type { DeadLetterDecision } from "@tripline/events";
import { isoTime, type RowSource, SOURCE_COLUMNS, sourceValues } from "./source.ts";
import { isStorableTime } from "./storable.ts";

/** A record of the dead-letter topic → rows of `dead_letter_bytes` and `dead_letters`, or of `dead_letter_decisions`. */

export const DEAD_LETTER_COLUMNS: readonly string[] = [
  "id",
  "tenant",
  "step",
  "reason",
  "topic",
  "letter_partition",
  "letter_offset",
  "key",
  "has_key",
  "is_tombstone",
  "is_cut",
  "value_bytes",
  "replay_of",
  ...SOURCE_COLUMNS,
];

export const DEAD_LETTER_BYTES_COLUMNS: readonly string[] = [
  "id",
  "headers",
  "value_base64",
  ...SOURCE_COLUMNS,
];

export const DEAD_LETTER_DECISION_COLUMNS: readonly string[] = [
  "id",
  "state",
  "decided_by",
  "decision_reason",
  "decided_at",
  "to_partition",
  "to_offset",
  ...SOURCE_COLUMNS,
];

/** A letter as it is written to the store: the original, why, and where from. */
export interface NewDeadLetter {
  id: string;
  /** Empty where the letter names no tenant. */
  tenant: string;
  step: string;
  reason: string;
  topic: string;
  partition: number;
  offset: number;
  key: string | null;
  headers: Readonly<Record<string, string>>;
  /** Null for a tombstone. */
  value: Uint8Array | null;
  /** Of the original's value; more than `value` holds where the letter was cut. */
  bytes: number;
  cut: boolean;
  /** The letter whose replay was rejected again; empty for none. */
  replayOf: string;
}

export function rowFromDeadLetter(letter: NewDeadLetter, source: RowSource): string {
  return JSON.stringify([
    letter.id,
    letter.tenant,
    letter.step.toWellFormed(),
    letter.reason.toWellFormed(),
    letter.topic.toWellFormed(),
    letter.partition,
    letter.offset,
    letter.key?.toWellFormed() ?? "",
    letter.key !== null,
    letter.value === null,
    letter.cut,
    letter.bytes,
    letter.replayOf,
    ...sourceValues(source),
  ]);
}

export function rowFromDeadLetterBytes(letter: NewDeadLetter, source: RowSource): string {
  return JSON.stringify([
    letter.id,
    JSON.stringify(letter.headers).toWellFormed(),
    Buffer.from(letter.value ?? []).toString("base64"),
    ...sourceValues(source),
  ]);
}

export function rowFromDeadLetterDecision(decision: DeadLetterDecision, source: RowSource): string {
  const { id, state, by, reason, at, position } = decision;
  return JSON.stringify([
    id,
    state,
    by.toWellFormed(),
    reason.toWellFormed(),
    isStorableTime(at) ? at : isoTime(source.appendTime),
    position?.partition ?? null,
    position?.offset ?? null,
    ...sourceValues(source),
  ]);
}
