import type { LogRecord } from "@tripline/stream";

/**
 * What can be told of a record of the events topic without parsing it. The envelope's keys are in the schema's order and a
 * quote inside a JSON string is escaped, so that captured text can't look like one of the keys searched for here.
 */

const TYPE_PREFIX = "tripline."; // of the CloudEvents type
const CALL_ID = Buffer.from('"call":{"id":"');
const TYPE_KEY = Buffer.from('"type":"');
const PAYLOAD_KEY = Buffer.from('},"payload":{');
const ENVELOPE_KEY = '{"envelope":';
const UUID_CHARS = 36;
const TYPE_WITHIN_BYTES = 200; // `v`, `id` and `type` are the first keys

/** The record's type by its header; of a producer that sets none, from the first bytes. */
export function typeOf({ headers, value }: LogRecord): string {
  const stated = headers.ce_type;
  if (stated !== undefined) return stated.startsWith(TYPE_PREFIX) ? stated.slice(TYPE_PREFIX.length) : stated;
  if (value === null) return "";
  const bytes = asBuffer(value);
  const at = bytes.subarray(0, TYPE_WITHIN_BYTES).indexOf(TYPE_KEY);
  if (at < 0) return "";
  const from = at + TYPE_KEY.length;
  const to = bytes.indexOf('"', from);
  return to < 0 ? "" : bytes.toString("latin1", from, to);
}

/** The id of the call that an intent or call is about; null where there is none. */
export function callIdOf(value: Uint8Array): string | null {
  const bytes = asBuffer(value);
  const at = bytes.indexOf(CALL_ID);
  if (at < 0) return null;
  const from = at + CALL_ID.length;
  return bytes.length < from + UUID_CHARS ? null : bytes.toString("latin1", from, from + UUID_CHARS);
}

/** A copy of the envelope's JSON text as bytes, without the payload; null for what is no record. */
export function envelopeBytes(value: Uint8Array): Buffer | null {
  const bytes = asBuffer(value);
  const from = ENVELOPE_KEY.length;
  if (bytes.toString("latin1", 0, from) !== ENVELOPE_KEY) return null;
  const payload = bytes.indexOf(PAYLOAD_KEY);
  return Buffer.from(bytes.subarray(from, payload < 0 ? bytes.length - 1 : payload + 1));
}

function asBuffer(value: Uint8Array): Buffer {
  return Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}
