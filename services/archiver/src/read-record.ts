import { isUtf8 } from "node:buffer";
import {
  type Envelope,
  isNestedDeeper,
  MAX_RECORD_BYTES,
  type Payload,
  parseRecord,
  payloadHash,
  TriplineError,
} from "@tripline/events";
import { memberText } from "./member-text.ts";
import { isPlainRecord } from "./plain-record.ts";

/** A record of the log as the store wants it: parsed, and in its exact bytes. */
export interface ReadRecord {
  /** Keys as they were sent. */
  envelope: Envelope;
  envelopeText: string;
  /** Whether `envelopeText` is `JSON.stringify(envelope)`. */
  isPlain: boolean;
  payload?: Payload;
  payloadText?: string;
}

export type Unreadable = { reason: string };

const HEAD = '{"envelope":';

/** Parses one value of the events topic. What can't be one gives a reason for its dead letter. */
export function readRecord(value: Uint8Array | null): ReadRecord | Unreadable {
  if (value === null) return { reason: "no_value" };
  if (value.byteLength > MAX_RECORD_BYTES) return { reason: "too_large" };
  if (!isUtf8(value)) return { reason: "not_utf8" };
  const text = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("utf8");
  try {
    const { envelope, payload, payloadText } = checked(text);
    const plain = JSON.stringify(envelope);
    const end = text[HEAD.length + plain.length];
    const isPlain =
      text.startsWith(HEAD) && text.startsWith(plain, HEAD.length) && (end === "," || end === "}");
    return {
      envelope,
      envelopeText: isPlain ? plain : memberText(text, "envelope"),
      isPlain,
      ...(payload === undefined || payloadText === undefined ? {} : { payload, payloadText }),
    };
  } catch (error) {
    if (error instanceof TriplineError && error.kind === "permanent") {
      return { reason: error.code === "TRIPLINE_RECORD_HASH" ? "payload_hash" : "invalid" };
    }
    throw error;
  }
}

/** Envelope and payload as they were sent, once the contract holds. @throws TriplineError as `parseRecord` */
function checked(text: string): { envelope: Envelope; payload?: Payload; payloadText?: string } {
  const json = parseJson(text);
  if (isPlainRecord(json) && !isNestedDeeper(json)) {
    const { envelope, payload } = json;
    const payloadText = payload === undefined ? undefined : JSON.stringify(payload);
    const actual = payloadText === undefined ? undefined : payloadHash(payloadText);
    if (actual === envelope.payload_hash) {
      return payload === undefined || payloadText === undefined
        ? { envelope }
        : { envelope, payload, payloadText };
    }
  }
  const { payload } = parseRecord(text);
  const { envelope }: { envelope: Envelope } = JSON.parse(text);
  return payload === undefined ? { envelope } : { envelope, payload, payloadText: JSON.stringify(payload) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // parseRecord says what is wrong
  }
}
