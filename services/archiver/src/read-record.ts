import { isUtf8 } from "node:buffer";
import { type Envelope, MAX_RECORD_BYTES, type Payload, parseRecord, TriplineError } from "@tripline/events";
import { memberText } from "./member-text.ts";

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
    const { payload } = parseRecord(text);
    const sent: { envelope: Envelope } = JSON.parse(text);
    const plain = JSON.stringify(sent.envelope);
    const end = text[HEAD.length + plain.length];
    const isPlain =
      text.startsWith(HEAD) && text.startsWith(plain, HEAD.length) && (end === "," || end === "}");
    return {
      envelope: sent.envelope,
      envelopeText: isPlain ? plain : memberText(text, "envelope"),
      isPlain,
      ...(payload === undefined ? {} : { payload, payloadText: JSON.stringify(payload) }),
    };
  } catch (error) {
    if (error instanceof TriplineError && error.kind === "permanent") {
      return { reason: error.code === "TRIPLINE_RECORD_HASH" ? "payload_hash" : "invalid" };
    }
    throw error;
  }
}
