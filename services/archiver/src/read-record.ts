import { isUtf8 } from "node:buffer";
import {
  type Envelope,
  isNestedDeeper,
  MAX_RECORD_BYTES,
  MAX_RECORD_DEPTH,
  type Payload,
  parseRecord,
  payloadHash,
  TriplineError,
} from "@tripline/events";
import { type RowSource, rowFromEnvelope, rowFromPlainEnvelope, scanPlainEnvelope } from "@tripline/store";
import { memberText } from "./member-text.ts";
import { isPlainPayload } from "./plain-payload.ts";

/** A record of the log as the store wants it: checked against the contract, and in its exact bytes. */
export interface ReadRecord {
  tenant: string;
  id: string;
  time: string;
  producer: { id: string; boot: string; seq: number };
  envelopeText: string;
  payload?: Payload;
  payloadText?: string;
  /** Only of a record that erases, or holds: what it says. */
  erasure?: Envelope;
  /** The line for the table `records`. */
  row(source: RowSource): string;
}

export type Unreadable = { reason: string };

const HEAD = '{"envelope":';
const BETWEEN = ',"payload":';

/** Parses one value of the events topic. What can't be one gives a reason for its dead letter. */
export function readRecord(value: Uint8Array | null): ReadRecord | Unreadable {
  if (value === null) return { reason: "no_value" };
  if (value.byteLength > MAX_RECORD_BYTES) return { reason: "too_large" };
  if (!isUtf8(value)) return { reason: "not_utf8" };
  const text = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("utf8");
  const plain = readPlain(text);
  if (plain !== null) return plain;
  try {
    const { payload } = parseRecord(text);
    const { envelope }: { envelope: Envelope } = JSON.parse(text);
    const { tenant, id, time, type, producer } = envelope;
    const envelopeText = memberText(text, "envelope");
    const isPlain = envelopeText === JSON.stringify(envelope);
    return {
      ...{ tenant, id, time, producer, envelopeText },
      ...(payload === undefined ? {} : { payload, payloadText: JSON.stringify(payload) }),
      ...(type === "erasure" || type === "retention" ? { erasure: envelope } : {}),
      row: (source) => rowFromEnvelope(envelope, envelopeText, isPlain, source),
    };
  } catch (error) {
    if (error instanceof TriplineError && error.kind === "permanent") {
      return { reason: error.code === "TRIPLINE_RECORD_HASH" ? "payload_hash" : "invalid" };
    }
    throw error;
  }
}

/** The short way for the form that nearly all records have; null for the others. */
function readPlain(text: string): ReadRecord | null {
  if (!text.startsWith(HEAD)) return null;
  const envelope = scanPlainEnvelope(text, HEAD.length);
  if (envelope === null) return null;
  const { tenant, id, time, producer, payloadHash: wanted } = envelope;
  const envelopeText = text.slice(HEAD.length, envelope.end);
  const row = (source: RowSource) => rowFromPlainEnvelope(envelope, source);
  const common = { tenant, id, time, producer, envelopeText, row };
  if (wanted === "") return envelope.end === text.length - 1 && text.endsWith("}") ? common : null;
  if (!text.startsWith(BETWEEN, envelope.end) || !text.endsWith("}")) return null;
  const payloadText = text.slice(envelope.end + BETWEEN.length, -1);
  const payload = parseJson(payloadText);
  if (!isPlainPayload(payload) || isNestedDeeper(payload, MAX_RECORD_DEPTH - 1)) return null;
  // The contract hashes the text of what was parsed: the same, unless it was written in another way.
  if (payloadHash(payloadText) !== wanted || JSON.stringify(payload) !== payloadText) return null;
  return { ...common, payload, payloadText };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the contract says what is wrong
  }
}
