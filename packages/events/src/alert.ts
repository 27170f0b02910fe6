import { z } from "zod";
import { actorSchema, sessionSchema, targetSchema } from "./envelope.ts";
import { name, sha256Hex, tenantId, timestamp, uuid } from "./fields.ts";

export const SEVERITIES = ["informational", "low", "medium", "high", "critical"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** What people made of an alert; each change is a further record with the alert's id. */
export const ALERT_STATES = ["open", "acknowledged", "resolved", "false_positive"] as const;

export const REVOCATION_SCOPES = ["credential", "session", "agent", "principal", "tool", "server"] as const;
export type RevocationScope = (typeof REVOCATION_SCOPES)[number];

/** One call that the finding rests on, in the order it happened. */
export const evidenceSchema = z.looseObject({
  record_id: uuid,
  step: z.string().describe("name of the rule's step this call matched"),
  time: timestamp,
  server: z.string().optional(),
  tool: z.string().optional(),
  outcome: z.string().optional(),
  note: z.string().optional().describe("why this call counts, in words; values are redacted"),
});

/** Why an alert is as grave as it is: points by the name of each piece of evidence, what spoke against it below 0. */
export const scoreSchema = z.looseObject({
  total: z.number(),
  contributions: z
    .array(
      z.looseObject({
        name: z.string().describe("which piece of evidence"),
        points: z.number(),
        note: z.string().optional().describe("what it rests on, in words; values are redacted"),
      }),
    )
    .max(32),
});
export type Score = z.infer<typeof scoreSchema>;

/**
 * A rule's finding. `id` is derived from tenant, rule, group and the completing record, so that the same records give the same id.
 * Its later states are further records with the same id on the alerts topic.
 */
export const alertSchema = z.looseObject({
  v: z.literal(1),
  id: sha256Hex,
  tenant: tenantId,
  rule: z.looseObject({
    id: name,
    title: z.string(),
    hash: sha256Hex.optional().describe("of the rule's file"),
  }),
  severity: z.enum(SEVERITIES),
  time: timestamp.describe("time of the completing record, or of the finding"),
  detected_at: timestamp.optional().describe("the detector's clock; not part of what makes two alerts equal"),
  record_id: uuid.optional().describe("the completing record; absent where a finding has none"),
  group: z.string().describe("what the rule grouped by, e.g. credential=local:demo"),
  actor: actorSchema.optional(),
  session: sessionSchema.optional(),
  target: targetSchema.optional(),
  owner: z
    .string()
    .max(256)
    .optional()
    .describe("whom to ask about the server, as the operator's manifest says"),
  summary: z.string().describe("what happened, one sentence"),
  why: z.string().describe("why it is bad, in plain words"),
  next: z.array(z.string()).describe("what to do"),
  evidence: z.array(evidenceSchema).max(100),
  score: scoreSchema.optional().describe("of rules that weigh several pieces of evidence"),
  response: z.looseObject({
    revocable: z
      .boolean()
      .describe("false for rules about definitions, new tools and mere exposure: these never revoke"),
    scope: z.enum(REVOCATION_SCOPES).optional(),
    subject: z.string().optional().describe("what would be revoked"),
  }),
  tags: z.array(z.string()).optional(),
  state: z.enum(ALERT_STATES).optional().describe("absent: open, as the detector wrote it"),
  state_by: name.optional().describe("id of the person's token"),
  state_note: z.string().max(1024).optional(),
  state_at: timestamp.optional(),
});
export type Alert = z.infer<typeof alertSchema>;
