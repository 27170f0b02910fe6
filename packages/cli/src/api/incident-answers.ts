import { incidentSchema } from "@tripline/events";
import { z } from "zod";
import { alertRowSchema, revocationAnswer } from "./answers.ts";

/** What the API answers of incidents, and of what people set at run time, as far as the command shows it. */

const text = z.string().nullable();
const names = z.record(z.string(), z.array(z.string())).optional();

export const incidentRowSchema = z.looseObject({
  id: z.string(),
  severity: z.string(),
  state: z.string(),
  rule_id: z.string(),
  subject: z.string(),
  opened_at: z.string(),
  last_alert_at: z.string(),
  alerts: z.number(),
  muted: text,
  summary: z.string(),
  agent: text,
  team: text,
  environment: text,
  done_kind: z.string(),
});
export type IncidentRow = z.infer<typeof incidentRowSchema>;
export const incidentsAnswer = z.looseObject({ incidents: z.array(incidentRowSchema), next: text });

export const incidentAnswer = z.looseObject({
  incident: incidentSchema,
  alerts: z.array(alertRowSchema),
  more_alerts: z.boolean(),
  revocations: z.array(revocationAnswer),
  names,
});
export type IncidentAnswer = z.infer<typeof incidentAnswer>;

/** `applied`: whether it has taken effect already. */
export const stateAnswer = z.looseObject({ id: z.string(), state: z.string(), applied: z.boolean() });

export const muteSchema = z.looseObject({
  id: z.string(),
  by: z.string(),
  at: z.string(),
  until: z.string(),
  reason: z.string(),
  match: z.record(z.string(), z.unknown()),
});
export const mutesAnswer = z.looseObject({ mutes: z.array(muteSchema) });

export const exceptionSchema = z.looseObject({
  id: z.string(),
  by: z.string(),
  at: z.string(),
  until: z.string(),
  reason: z.string(),
  rule: z.string(),
  where: z.record(z.string(), z.unknown()),
});
export const exceptionsAnswer = z.looseObject({ exceptions: z.array(exceptionSchema) });

export const proposalSchema = z.looseObject({
  id: z.string(),
  scope: z.string(),
  subject: z.string(),
  reason: z.string(),
  by: z.string(),
  at: z.string(),
  until: z.string(),
  needs: z.number(),
  approved_by: z.array(z.string()),
  state: z.string(),
});
export type Proposal = z.infer<typeof proposalSchema>;
export const proposalsAnswer = z.looseObject({ proposals: z.array(proposalSchema) });
export const approvedAnswer = proposalSchema.extend({ revoked: z.boolean() });

export const resumedAnswer = z.looseObject({ halted_at: z.string(), halted_because: z.string() });

export const notifiersAnswer = z.looseObject({
  notifiers: z.array(
    z.looseObject({
      name: z.string(),
      to: z.string(),
      failing_since: text,
      reason: text,
      waiting: z.number(),
    }),
  ),
});
export const revokersAnswer = z.looseObject({
  revokers: z.array(
    z.looseObject({
      name: z.string(),
      type: z.string(),
      origins: z.array(z.string()),
      probes: z.boolean(),
      reinstates: z.boolean(),
    }),
  ),
});
export type Revoker = z.infer<typeof revokersAnswer>["revokers"][number];

export const notifierTestAnswer = z.looseObject({ delivered: z.boolean(), reason: z.string() });

const ms = z.number().nullable();
export const drillAnswer = z.looseObject({
  revocation_id: z.string(),
  credential: z.string(),
  ok: z.boolean(),
  decided_ms: ms,
  interceptors: z.array(
    z.looseObject({ producer: z.string(), advisory: z.boolean(), refused_ms: ms, allowed_ms: ms }),
  ),
  refused_ms: ms,
  allowed_ms: ms,
  call: z.looseObject({ before: z.string(), during: z.string(), after: z.string() }).nullable(),
  upstream: z.looseObject({ acknowledged_ms: ms, verified_ms: ms, reinstated_ms: ms }).nullable(),
  failures: z.array(z.string()),
  not_shown: z.array(z.string()),
});
export type DrillAnswer = z.infer<typeof drillAnswer>;
