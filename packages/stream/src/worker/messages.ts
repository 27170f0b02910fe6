import { TriplineError } from "@tripline/events";
import type { LogRecord } from "../log.ts";

/** What travels between `serveLog` and `connectLog`. Ids are the asking side's own. */
export type Message =
  /** Asks the other side to do something; every call is answered once. */
  | { type: "call"; id: number; name: string; args: unknown }
  | { type: "result"; id: number; value: unknown }
  | { type: "error"; id: number; error: SentError }
  /** Tells the other side; not answered. */
  | { type: "note"; name: string; args: unknown };

/** An error as it crosses: code and kind stay what they are. */
export interface SentError {
  name: string;
  message: string;
  stack?: string;
  tripline?: { code: TriplineError["code"]; kind: TriplineError["kind"] };
}

export function sendError(error: unknown): SentError {
  if (!(error instanceof Error)) return { name: "Error", message: String(error) };
  return {
    name: error.name,
    message: error.message,
    ...(error.stack === undefined ? {} : { stack: error.stack }),
    ...(error instanceof TriplineError ? { tripline: { code: error.code, kind: error.kind } } : {}),
  };
}

export function receiveError(sent: SentError): Error {
  const error = sent.tripline
    ? new TriplineError(sent.tripline.code, sent.message, { kind: sent.tripline.kind })
    : Object.assign(new Error(sent.message), { name: sent.name });
  if (sent.stack !== undefined) error.stack = sent.stack;
  return error;
}

/** Records whose values lie one behind the other in one buffer, which is transferred. A length of -1 is a null value. */
export interface PackedRecords {
  values: Uint8Array<ArrayBuffer>;
  lengths: number[];
  records: Omit<LogRecord, "value">[];
}

export function packValues(values: readonly (Uint8Array | null)[]): {
  packed: Uint8Array<ArrayBuffer>;
  lengths: number[];
} {
  const lengths = values.map((value) => (value === null ? -1 : value.byteLength));
  const packed = new Uint8Array(lengths.reduce((sum, length) => sum + Math.max(0, length), 0));
  let at = 0;
  for (const value of values) {
    if (value === null) continue;
    packed.set(value, at);
    at += value.byteLength;
  }
  return { packed, lengths };
}

/** Views of the packed buffer, in order. */
export function unpackValues(packed: Uint8Array, lengths: readonly number[]): (Uint8Array | null)[] {
  let at = 0;
  return lengths.map((length) => {
    if (length === -1) return null;
    at += length;
    return packed.subarray(at - length, at);
  });
}

export function packRecords(records: readonly LogRecord[]): PackedRecords {
  const { packed, lengths } = packValues(records.map(({ value }) => value));
  return { values: packed, lengths, records: records.map(({ value: _, ...record }) => record) };
}

export function unpackRecords({ values, lengths, records }: PackedRecords): LogRecord[] {
  const unpacked = unpackValues(values, lengths);
  return records.map((record, i) => ({ ...record, value: unpacked[i] ?? null }));
}
