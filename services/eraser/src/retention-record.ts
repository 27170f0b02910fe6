import { hash } from "node:crypto";
import {
  cloudEventHeaders,
  type Envelope,
  encodeRecord,
  envelopeSchema,
  eventKey,
  type HeldBack,
  LOCAL_TENANT,
  RETENTION_PRODUCER,
  type RemovedEnvelopes,
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

/**
 * Envelopes that arrived before go, this day: whole months in UTC, because the database rewrites what lies around a removed row, and a
 * month's rows lie together. Never before their payloads.
 */
export function envelopeEdge({ payloadDays, envelopeDays }: RetentionDays, nowMs: number): string {
  const day = new Date(Math.max(1, nowMs - Math.max(payloadDays, envelopeDays) * DAY_MS));
  return new Date(Math.max(1, Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), 1))).toISOString();
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

/** The record that says which envelopes were removed. All in it follows from the day and from what is removed, as above. */
export function removalEnvelope(removed: RemovedEnvelopes, today: string): Envelope {
  const derived = (what: string) => {
    const of = [`tripline removal ${what} v1`, today, removed];
    return uuidv7(Date.parse(today), hash("sha256", JSON.stringify(of), "buffer"));
  };
  return envelopeSchema.parse({
    v: 1,
    id: derived("record"),
    type: "retention",
    time: today,
    received: today,
    tenant: LOCAL_TENANT, // a partition holds every tenant's records
    producer: { id: RETENTION_PRODUCER, boot: derived("boot"), seq: 0 },
    retention: { action: "removed", ...removed, by: "policy" },
  });
}

export function asLogRecord(envelope: Envelope): NewRecord {
  return {
    key: eventKey(envelope),
    value: Buffer.from(encodeRecord({ envelope })),
    headers: cloudEventHeaders(envelope),
  };
}
