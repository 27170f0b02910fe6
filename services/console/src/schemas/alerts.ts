import { alertSchema, SEVERITIES } from "@tripline/events";
import { z } from "zod";
import { cursor, filterText, limit, listOf, moment, names, text } from "./common.ts";
import { revocationAnswer } from "./revocations.ts";

export const alertsQuery = z.strictObject({
  since: moment.optional().describe("inclusive"),
  until: moment.optional().describe("exclusive"),
  severity: listOf(SEVERITIES).optional(),
  rule: filterText.optional(),
  credential: filterText.optional(),
  session: filterText.optional(),
  server: filterText.optional(),
  state: filterText.optional(),
  incident: filterText.optional().describe("only what is in this incident"),
  limit: limit.optional(),
  cursor: cursor.optional(),
});

export const alertRow = z.object({
  id: z.string(),
  time: z.string(),
  detected_at: text,
  rule_id: z.string(),
  rule_title: z.string(),
  severity: z.enum(SEVERITIES),
  state: z.string(),
  state_at: text,
  summary: z.string(),
  why: z.string(),
  group: z.string(),
  record_id: text.describe("the completing record; null where a finding has none"),
  principal: text,
  agent: text,
  credential: text,
  session: text,
  server: text,
  tool: text,
  incident_id: text.describe("the incident that it is in; null until it is in one"),
});

export const alertsAnswer = z.object({ alerts: z.array(alertRow), next: text, previous: text });

export const alertAnswer = z.object({
  alert: alertSchema,
  state: z.string(),
  states: z.array(z.object({ state: z.string(), by: text, note: text, at: z.string() })),
  incident_id: text.describe("the incident that it is in; null until it is in one"),
  revocation: revocationAnswer.nullable().describe("what the alert led to"),
  names,
});
