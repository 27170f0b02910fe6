import { INCIDENT_STATES, incidentSchema, SEVERITIES, whatWasDoneSchema } from "@tripline/events";
import { z } from "zod";
import { alertRow } from "./alerts.ts";
import { count, cursor, filterText, limit, listOf, moment, names, text } from "./common.ts";
import { revocationAnswer } from "./revocations.ts";

export const incidentsQuery = z.strictObject({
  since: moment.optional().describe("whose latest alert is from then or later"),
  until: moment.optional().describe("that were opened before"),
  state: listOf(INCIDENT_STATES).optional(),
  severity: listOf(SEVERITIES).optional(),
  rule: filterText.optional(),
  credential: filterText.optional(),
  server: filterText.optional(),
  limit: limit.optional(),
  cursor: cursor.optional(),
});

export const incidentRow = z.object({
  id: z.string(),
  version: count,
  rule_id: z.string(),
  rule_title: z.string(),
  subject: z.string().describe("what its alerts have in common: credential=…, or the rule's group"),
  severity: z.enum(SEVERITIES),
  state: z.enum(INCIDENT_STATES),
  opened_at: z.string(),
  last_alert_at: z.string(),
  updated_at: z.string(),
  alerts: count.describe("how many alerts"),
  escalation: count.describe("how often nobody acknowledged in time"),
  muted: text.describe("the mute that keeps its notices back"),
  summary: z.string().describe("what happened, one sentence"),
  why: z.string(),
  principal: text,
  agent: text,
  credential: text,
  team: text.describe("whose agent it is"),
  session: text,
  server: text,
  tool: text,
  environment: text,
  done_kind: whatWasDoneSchema.shape.kind,
  done_reason: z.string(),
  revocation_id: text,
});

export const incidentsAnswer = z.object({
  incidents: z.array(incidentRow),
  names,
  next: text,
  previous: text,
});

export const incidentAnswer = z.object({
  incident: incidentSchema,
  alerts: z.array(alertRow).describe("its latest alerts, newest first; all: /api/alerts?incident=…"),
  more_alerts: z.boolean(),
  revocations: z.array(revocationAnswer).describe("what came of its alerts, newest first"),
  proposed_where: z
    .record(z.string(), z.unknown())
    .nullable()
    .describe("what an exception of its rule would be about; null where it can have none"),
  names,
});
