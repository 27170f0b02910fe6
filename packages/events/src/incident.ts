import { z } from "zod";
import { alertSchema, SEVERITIES } from "./alert.ts";
import { count, name, sha256Hex, tenantId, timestamp } from "./fields.ts";
import { revocationSchema } from "./revocation.ts";

export const INCIDENT_STATES = ["open", "acknowledged", "resolved", "false_positive"] as const;
export type IncidentState = (typeof INCIDENT_STATES)[number];

export const MAX_INCIDENT_ALERTS = 20; // ids kept, the latest; `alerts` counts all
export const MAX_INCIDENT_HISTORY = 50; // changes kept, the latest

/** What was done about an alert by the time somebody is told. */
export const whatWasDoneSchema = z.looseObject({
  kind: z.enum(["revoked", "reinstated", "expired", "would_revoke", "withheld", "proposed", "none"]),
  reason: z.string().max(1024),
  revocation: revocationSchema.optional().describe("the entry, for revoked, reinstated and expired"),
  in_flight: z
    .array(
      z.looseObject({
        record_id: name,
        server: z.string().optional(),
        tool: z.string().optional(),
        started: timestamp,
      }),
    )
    .max(50)
    .optional()
    .describe("calls that had begun and not ended when the key died: they may still take effect"),
});
export type WhatWasDone = z.infer<typeof whatWasDoneSchema>;

/** Why people are told about an incident now; `number` grows by one with each notice of the incident. */
export const NOTICES = [
  "opened",
  "grew",
  "escalated",
  "acknowledged",
  "resolved",
  "false_positive",
  "reopened",
  "done",
] as const;

/**
 * What on-call works with: the alerts of one rule about one subject (a credential, else what the rule grouped by), for as long
 * as they keep coming. A further record with the same id and a higher `version` replaces the one before.
 */
export const incidentSchema = z.looseObject({
  v: z.literal(1),
  id: sha256Hex.describe("derived from tenant, rule, subject and the first alert's id"),
  version: count.describe("grows with every change"),
  tenant: tenantId,
  rule: z.looseObject({ id: name, title: z.string() }),
  subject: z.string().describe("credential=…, or the group of the alerts where they name no credential"),
  severity: z.enum(SEVERITIES).describe("the gravest of its alerts"),
  state: z.enum(INCIDENT_STATES),
  opened_at: timestamp,
  last_alert_at: timestamp,
  updated_at: timestamp,
  alerts: count,
  alert_ids: z.array(sha256Hex).max(MAX_INCIDENT_ALERTS).describe("the latest"),
  alert: alertSchema.describe("the gravest of its alerts; of equals, the latest"),
  done: whatWasDoneSchema.describe(
    "about that alert; a key that was taken away for an earlier one stays named",
  ),
  escalation: count.describe("how often nobody acknowledged in time, since it was last opened"),
  muted: name.optional().describe("id of the mute that keeps its notices back"),
  history: z
    .array(
      z.looseObject({
        at: timestamp,
        by: name.describe("`policy`, `timer` or the id of the person's token"),
        kind: name,
        note: z.string().max(1024).optional(),
      }),
    )
    .max(MAX_INCIDENT_HISTORY),
  notice: z
    .looseObject({ kind: z.enum(NOTICES), number: count })
    .optional()
    .describe("present where people are to be told of this version"),
});
export type Incident = z.infer<typeof incidentSchema>;

/** Whoever writes a triage record looks at the mutes, so that what incidents are made of says it all by itself. */
const muted = name.optional().describe("id of the mute that covered the incident when this was written");

/** A record of the triage topic: one thing that incidents are made of. Any may come twice: the second changes nothing. */
export const triageSchema = z.discriminatedUnion("kind", [
  z.looseObject({ kind: z.literal("alert"), alert: alertSchema, done: whatWasDoneSchema, muted }),
  z.looseObject({
    kind: z.literal("change"),
    tenant: tenantId,
    incident_id: sha256Hex,
    to: z.enum(INCIDENT_STATES),
    by: name,
    at: timestamp,
    note: z.string().max(1024).optional(),
    muted,
  }),
  z.looseObject({
    kind: z.literal("due"),
    tenant: tenantId,
    incident_id: sha256Hex,
    what: z.enum(["escalate", "resolve", "tell"]),
    level: count.describe("the escalation that is due; a level that was reached is not reached again"),
    episode: count.describe(
      "how often the incident was opened, as the timer saw it; opened again since, nothing is due",
    ),
    alerts: count.describe("how many the incident had, as the timer saw it; grown since, it is not quiet"),
    at: timestamp,
    muted,
  }),
  z.looseObject({
    kind: z.literal("done"),
    tenant: tenantId,
    alert_id: sha256Hex,
    done: whatWasDoneSchema,
    by: name.optional().describe("id of the person's token; absent: the policy"),
    at: timestamp,
  }),
]);
export type Triage = z.infer<typeof triageSchema>;
