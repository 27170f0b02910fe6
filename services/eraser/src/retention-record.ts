import { hash } from "node:crypto";
import {
  cloudEventHeaders,
  type Envelope,
  encodeRecord,
  envelopeSchema,
  eventKey,
  type HeldBack,
  RETENTION_PRODUCER,
  uuidv7,
} from "@tripline/events";
import type { NewRecord } from "@tripline/stream";
import type { RetentionDays } from "./config.ts";

const DAY_MS = 24 * 3600 * 1000;

/** From when on what is kept, this day: whole days in UTC, so that a day has one record for each tenant. */
export interface RetentionEdges {
  /** RFC 3339: when the day began. */
  today: string;
  payloads: string;
  names: string;
}

export function retentionEdges({ payloadDays, nameDays }: RetentionDays, nowMs: number): RetentionEdges {
  const today = nowMs - (nowMs % DAY_MS);
  const daysAgo = (days: number) => new Date(Math.max(1, today - days * DAY_MS)).toISOString();
  return { today: new Date(today).toISOString(), payloads: daysAgo(payloadDays), names: daysAgo(nameDays) };
}

/**
 * The record that says of a tenant what is over its age. All in it follows from the day, the ages and the holds in force,
 * so that two erasers write the same one, and an eraser that is started again writes it once more and changes nothing.
 */
export function retentionEnvelope(tenant: string, edges: RetentionEdges, except: HeldBack): Envelope {
  const derived = (what: string) => {
    const of = [`tripline retention ${what} v1`, tenant, edges, except];
    return uuidv7(Date.parse(edges.today), hash("sha256", JSON.stringify(of), "buffer"));
  };
  return envelopeSchema.parse({
    v: 1,
    id: derived("record"),
    type: "retention",
    time: edges.today,
    received: edges.today,
    tenant,
    producer: { id: RETENTION_PRODUCER, boot: derived("boot"), seq: 0 },
    retention: {
      action: "expired",
      before: edges.payloads,
      names_before: edges.names,
      except,
      by: "policy",
    },
  });
}

export function asLogRecord(envelope: Envelope): NewRecord {
  return {
    key: eventKey(envelope),
    value: Buffer.from(encodeRecord({ envelope })),
    headers: cloudEventHeaders(envelope),
  };
}
