import { hash } from "node:crypto";
import {
  cloudEventHeaders,
  type Envelope,
  encodeRecord,
  envelopeSchema,
  eventKey,
  type Payload,
  parseRecord,
  payloadHash,
} from "@tripline/events";

/** What a service says; the rest of the envelope is the producer's. */
export type RecordBody = Pick<
  Envelope,
  | "type"
  | "tenant"
  | "actor"
  | "session"
  | "target"
  | "call"
  | "policy"
  | "decision"
  | "access"
  | "erasure"
  | "retention"
>;

/** A record ready for the log. */
export interface OwnRecord {
  envelope: Envelope;
  /** SHA-256 (hex) of the envelope's bytes without `received` */
  digest: string;
  record: { key: string; value: Uint8Array; headers: Record<string, string> };
}

/** @throws when the body is none: a mistake in our code */
export function encodeOwnRecord(
  body: RecordBody & Pick<Envelope, "heartbeat">,
  payload: Payload | undefined,
  by: { id: string; producer: Envelope["producer"]; timeMs: number; receivedMs: number },
): OwnRecord {
  const sent = envelopeSchema.parse({
    v: 1,
    id: by.id,
    time: new Date(by.timeMs).toISOString(),
    ...body,
    producer: by.producer,
    ...(payload === undefined ? {} : { payload_hash: payloadHash(JSON.stringify(payload)) }),
  });
  // Nobody else receives it: the time of receipt is that of the append. Parsing puts it in its place.
  const received = new Date(by.receivedMs).toISOString();
  const { envelope } = parseRecord(encodeRecord({ envelope: { ...sent, received }, payload }));
  return {
    envelope,
    digest: hash("sha256", JSON.stringify(sent), "hex"),
    record: {
      key: eventKey(envelope),
      value: Buffer.from(encodeRecord({ envelope, payload })),
      headers: cloudEventHeaders(envelope),
    },
  };
}
