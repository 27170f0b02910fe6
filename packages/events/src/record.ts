import { hash } from "node:crypto";
import { z } from "zod";
import { type Envelope, envelopeSchema, requiredParts } from "./envelope.ts";
import { TriplineError } from "./errors.ts";
import { isNestedDeeper, MAX_RECORD_DEPTH } from "./nesting.ts";
import { type Payload, payloadSchema } from "./payload.ts";

export const MAX_RECORD_BYTES = 512 * 1024; // below Kafka's default message.max.bytes of 1 MiB, with room for headers

/** What happened, once: an envelope and a payload. */
export interface TriplineRecord {
  envelope: Envelope;
  payload?: Payload | undefined;
}

const recordSchema = z.object({ envelope: envelopeSchema, payload: payloadSchema.optional() });

/**
 * Parses one record's JSON text, e.g. a Kafka value or an ingested line.
 * Known envelope keys come out in the schema's order, unknown ones behind them.
 * @throws TriplineError TRIPLINE_RECORD_INVALID naming the path, and TRIPLINE_RECORD_HASH when the payload is not the one the envelope names.
 */
export function parseRecord(text: string): TriplineRecord {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new TriplineError("TRIPLINE_RECORD_INVALID", "the record is not JSON", { cause });
  }
  if (isNestedDeeper(json)) {
    throw new TriplineError(
      "TRIPLINE_RECORD_INVALID",
      `the record is nested deeper than ${MAX_RECORD_DEPTH} levels: cut what lies deeper`,
    );
  }
  const parsed = recordSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new TriplineError(
      "TRIPLINE_RECORD_INVALID",
      `the record is invalid at ${issue?.path.join(".") || "its top"}: ${issue?.message ?? "unknown"}`,
    );
  }
  const record = parsed.data;
  const missing = requiredParts(record.envelope.type).find((part) => record.envelope[part] === undefined);
  if (missing !== undefined) {
    throw new TriplineError(
      "TRIPLINE_RECORD_INVALID",
      `the record is invalid at envelope.${missing}: a ${record.envelope.type} needs it`,
    );
  }
  // The payload's bytes are those of the parsed JSON, so key order is the sender's and not the schema's.
  const sent = (json as { payload?: Payload }).payload;
  const actual = sent === undefined ? undefined : payloadHash(JSON.stringify(sent));
  if (actual !== record.envelope.payload_hash) {
    throw new TriplineError(
      "TRIPLINE_RECORD_HASH",
      "the payload is not the one that envelope.payload_hash names: send both as they were made",
    );
  }
  return { envelope: record.envelope, payload: sent };
}

/** SHA-256 (hex) over the payload's exact JSON text; the salt inside it keeps short payloads from being guessed. */
export function payloadHash(payloadText: string): string {
  return hash("sha256", payloadText, "hex");
}

/** The record as it travels: `{"envelope":…,"payload":…}`, envelope keys in the schema's order. */
export function encodeRecord(record: TriplineRecord): string {
  const envelope = JSON.stringify(record.envelope);
  return record.payload === undefined
    ? `{"envelope":${envelope}}`
    : `{"envelope":${envelope},"payload":${JSON.stringify(record.payload)}}`;
}
