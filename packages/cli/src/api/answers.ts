import { alertSchema, payloadSchema } from "@tripline/events";
import { z } from "zod";

/**
 * The answers of the console's API as far as the command shows them. Loose: with `--json` everything the service said is
 * passed on, also what a newer one adds.
 */

const text = z.string().nullable();
const names = z.record(z.string(), z.array(z.string())).optional();

export const callRowSchema = z.looseObject({
  id: z.string(),
  type: z.string(),
  time: z.string(),
  principal: text,
  agent: text,
  credential: text,
  assurance: text,
  session: text,
  server: text,
  tool: text,
  call_id: text,
  duration_ms: z.number().nullable(),
  outcome: text,
  error_code: text,
  args_bytes: z.number().nullable(),
  result_bytes: z.number().nullable(),
});
export type CallRow = z.infer<typeof callRowSchema>;

export const callsAnswer = z.looseObject({ calls: z.array(callRowSchema), next: text, names });

const word = z.string().optional();
/** Only what is shown of an envelope: a record of a newer producer is shown too. */
const shownEnvelope = z.looseObject({
  id: z.string(),
  time: z.string(),
  actor: z
    .looseObject({ principal: word, agent: word, client: word, credential: word, assurance: word })
    .optional(),
  session: z.looseObject({ id: word, source: word }).optional(),
  target: z.looseObject({ server: word, tool: word }).optional(),
  call: z
    .looseObject({
      id: word,
      outcome: word,
      error_code: word,
      duration_ms: z.number().optional(),
      args_bytes: z.number().optional(),
      result_bytes: z.number().optional(),
    })
    .optional(),
  policy: z.looseObject({ decision: word, rule: word }).optional(),
  producer: z.looseObject({ id: z.string(), seq: z.number() }),
});
export type ShownEnvelope = z.infer<typeof shownEnvelope>;

const storedRecord = z.looseObject({ envelope: shownEnvelope, has_payload: z.boolean() });
export const callAnswer = z.looseObject({
  call_id: text,
  intent: storedRecord.nullable(),
  call: storedRecord.nullable(),
  in_doubt: z.looseObject({ record_id: z.string(), since: z.string() }).nullish(),
  names,
});

const storedPayload = z.looseObject({
  record_id: z.string(),
  state: z.string(),
  erased_under: z.string().nullish(),
  payload: payloadSchema.nullable(),
});
export const payloadAnswer = z.looseObject({
  intent: storedPayload.nullable(),
  call: storedPayload.nullable(),
});

export const alertRowSchema = z.looseObject({
  id: z.string(),
  time: z.string(),
  rule_id: z.string(),
  rule_title: z.string(),
  severity: z.string(),
  state: z.string(),
  summary: z.string(),
  credential: text,
  session: text,
});
export type AlertRow = z.infer<typeof alertRowSchema>;

export const alertsAnswer = z.looseObject({ alerts: z.array(alertRowSchema), next: text });

export const revocationRowSchema = z.looseObject({
  id: z.string(),
  scope: z.string(),
  subject: z.string(),
  state: z.string(),
  reason: z.string(),
  by: z.string(),
  decided_at: z.string(),
  expires_at: text,
  reinstated_at: text,
});
export type RevocationRow = z.infer<typeof revocationRowSchema>;

export const revocationsAnswer = z.looseObject({ revocations: z.array(revocationRowSchema), next: text });

export const timelineStepSchema = z.looseObject({
  step: z.string(),
  label: z.string(),
  at: text,
  after_ms: z.number().nullable(),
  clock: z.string(),
});
export const revocationAnswer = z.looseObject({
  revocation: revocationRowSchema,
  timeline: z.looseObject({
    detected_ms: z.number().nullable(),
    applied_ms: z.number().nullable(),
    first_refusal_ms: z.number().nullable(),
    steps: z.array(timelineStepSchema),
    in_flight: z
      .array(z.looseObject({ server: text, tool: text, started: z.string(), outcome: text }))
      .optional(),
    only_reporting: z.array(z.string()).optional(),
  }),
});
export type RevocationAnswer = z.infer<typeof revocationAnswer>;

export const alertAnswer = z.looseObject({
  alert: alertSchema,
  state: z.string(),
  incident_id: text.optional(),
  revocation: revocationAnswer.nullable(),
  names,
});
export type AlertAnswer = z.infer<typeof alertAnswer>;

export const sessionAnswer = z.looseObject({
  id: z.string(),
  calls: z.array(callRowSchema),
  alerts: z.array(alertRowSchema),
  next: text,
  names,
});

/** What the responder answers to a revocation: the entry by its id, or that it waits for further people. */
export const revokedAnswer = z.looseObject({
  id: z.string().optional(),
  proposal_id: z.string().optional(),
  needs: z.number().optional(),
  until: z.string().optional(),
});
export const reinstatedAnswer = z.looseObject({
  id: z.string(),
  still_refused_by: z.array(z.string()).optional(),
});

const ruleResponse = z.looseObject({
  enabled: z.boolean(),
  dry_run: z.boolean().optional(),
  scope: z.string().optional(),
  credentials: z.array(z.string()).optional(),
});
export type RuleResponse = z.infer<typeof ruleResponse>;
export const ruleResponseAnswer = ruleResponse;
export const responseAnswer = z.looseObject({
  notifiers: z.array(z.looseObject({ name: z.string(), to: z.string() })),
  automatic_revocation: z.looseObject({
    dry_run: z.boolean(),
    limit: z.looseObject({ keys: z.number(), percent: z.number().optional(), minutes: z.number() }),
    halted: z.looseObject({ at: z.string(), reason: z.string() }).nullable(),
    never_revoke: z.array(z.string()),
    rules: z.record(z.string(), ruleResponse),
  }),
  approval: z
    .looseObject({
      people: z.number(),
      scopes: z.array(z.string()).optional(),
      rules: z.array(z.string()).optional(),
    })
    .nullable(),
  drill: z.looseObject({ credential: z.string(), every: text }).nullable(),
  problem: text,
});
export type ResponseAnswer = z.infer<typeof responseAnswer>;
export const anyAnswer = z.unknown();
