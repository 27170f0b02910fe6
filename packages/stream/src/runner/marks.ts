import type { LogRecord } from "../log.ts";

/**
 * Headers that change who handles a record. Two tools write them, and nobody else may: the cut-over to a new generation
 * of the log (a copy), and the replay of dead letters. The collector builds a record's headers itself and forwards none
 * of a client's; whoever writes straight to Kafka needs an ACL for the topic. A producer that marked its own records
 * would only take them away from itself: without a row they are missing in its sequence, and their position shows it.
 */
export const MARK_HEADERS = {
  /** `<generation>/<partition>/<offset>` in the log's earlier generation. */
  copiedFrom: "tripline_copied_from",
  /** When the earlier generation took it, ms since the epoch. */
  copiedAppendTime: "tripline_copied_append_time",
  /** The name of the one step or sink that a dead letter is replayed for. */
  replayStep: "tripline_replay_step",
  /** `<generation>/<topic>/<partition>/<offset>` of the original. */
  replayOf: "tripline_replay_of",
} as const;

/** Where a copy comes from, in the log's earlier generation. */
export interface CopiedFrom {
  generation: string;
  partition: number;
  offset: number;
  /** ms since the epoch */
  appendTime: number;
}

/**
 * Null unless a cut-over copied the record from the log's earlier generation. A mark that can't be read is none: the
 * record counts as any other, so that a broken mark hides nothing.
 */
export function copiedFrom({ headers }: Pick<LogRecord, "headers">): CopiedFrom | null {
  const from = headers[MARK_HEADERS.copiedFrom];
  const time = headers[MARK_HEADERS.copiedAppendTime];
  if (from === undefined || time === undefined || !/^\d{1,15}$/.test(time)) return null;
  const parts = /^(.+)\/(\d{1,9})\/(\d{1,15})$/.exec(from);
  const [, generation, partition, offset] = parts ?? [];
  if (generation === undefined) return null;
  return { generation, partition: Number(partition), offset: Number(offset), appendTime: Number(time) };
}

/** The headers of a copy; what `copiedFrom` reads. */
export function copiedHeaders({
  generation,
  partition,
  offset,
  appendTime,
}: CopiedFrom): Record<string, string> {
  return {
    [MARK_HEADERS.copiedFrom]: `${generation}/${partition}/${offset}`,
    [MARK_HEADERS.copiedAppendTime]: String(appendTime),
  };
}

/** The name of the step or sink that the record is replayed for; null for a record that is for everyone. */
export function replayedFor({ headers }: Pick<LogRecord, "headers">): string | null {
  const step = headers[MARK_HEADERS.replayStep];
  return step === undefined || step === "" ? null : step;
}

/** Why a step or sink is not to act on a record. */
export type SetAside = "copied" | "replayed_for_another";

/** Null for a record that the step or sink of this name is to handle. */
export function setAside(record: LogRecord, name: string): SetAside | null {
  const replayStep = replayedFor(record);
  if (replayStep !== null && replayStep !== name) return "replayed_for_another";
  return copiedFrom(record) === null ? null : "copied";
}

/** A copy with the append time of its original, which orders it before what the new generation took itself. */
export function asAppendedOnce(record: LogRecord): LogRecord {
  const from = copiedFrom(record);
  return from === null ? record : { ...record, appendTime: Math.min(from.appendTime, record.appendTime) };
}
