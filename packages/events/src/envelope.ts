import { z } from "zod";
import { erasureSchema, retentionSchema } from "./erasure.ts";
import { assurance, count, credentialId, name, sha256Hex, tenantId, timestamp, uuid } from "./fields.ts";

/**
 * The envelope: who, what, when, how it ended. Kept for the full retention and sealed.
 * The order of the keys here is the order of the bytes (see `encodeEnvelope`). Objects are loose: a newer producer's
 * fields survive, behind the known ones.
 */

export const RECORD_TYPES = [
  "call",
  "call.intent",
  "tools.listed",
  "heartbeat",
  "revocation.applied",
  "decision",
  "access",
  "erasure",
  "retention",
  "rules.changed",
  "tick",
  "statement",
] as const;
export type RecordType = (typeof RECORD_TYPES)[number];

export const OUTCOMES = [
  "ok",
  "tool_error",
  "protocol_error",
  "denied",
  "timeout",
  "cancelled",
  "in_doubt",
] as const;
export type Outcome = (typeof OUTCOMES)[number];

export const producerSchema = z.looseObject({
  id: name,
  boot: uuid.describe("new at every start of the producer"),
  seq: count.describe("counts up by one from 0 for each boot and tenant"),
  enforcement: z
    .enum(["enforced", "advisory"])
    .optional()
    .describe("advisory: the producer runs under the agent's own user, which could end or bypass it"),
});

export const actorSchema = z.looseObject({
  principal: name.optional().describe("subject id (keyed hash) of the person on whose behalf"),
  agent: name.optional().describe("the autonomous worker"),
  client: name.optional().describe("the program driving it now; self-reported"),
  credential: credentialId.optional(),
  token_id: name.optional().describe("jti of the access token used, when the credential is a grant"),
  assurance: assurance.optional(),
  team: name.optional(),
  roles: z.array(name).max(64).optional(),
  delegation: z.array(name).max(16).optional(),
});

export const sessionSchema = z.looseObject({
  id: name.optional(),
  source: z.enum(["mcp", "conversation", "trace", "quiet_gap"]).optional(),
  trace_id: name.optional(),
  span_id: name.optional(),
});

export const targetSchema = z.looseObject({
  server: name.optional(),
  tool: name.optional(),
  definition: sha256Hex.optional().describe("hash of the tool's definition as last listed"),
  upstream: name.optional().describe("the service behind the server"),
  upstream_env: name.optional().describe("name of the variable that holds the server's own key"),
  transport: z.enum(["stdio", "http", "in_process"]).optional(),
  environment: name.optional(),
});

export const callSchema = z.looseObject({
  id: uuid.describe("Tripline's id of the call; its intent and its call record share it"),
  method: name,
  started: timestamp.optional(),
  deadline: timestamp.optional().describe("on an intent: when the call counts as in doubt"),
  duration_ms: z.number().min(0).optional(),
  outcome: z.enum(OUTCOMES).optional(),
  error_code: name.optional(),
  args_bytes: count.optional().describe("size of the arguments' JSON before any cut"),
  result_bytes: count.optional().describe("size of the result's JSON before any cut"),
  result_items: count.optional(),
  truncated: z.boolean().optional().describe("the payload holds less than was sent; payload.cut says what"),
});

export const policySchema = z.looseObject({
  decision: z
    .enum(["allow", "deny", "hold"])
    .optional()
    .describe("hold: on an intent whose call waits for a verdict; its call says what became of it"),
  rule: name.optional().describe("id of the revocation or rule that decided"),
  approved_by: name.optional(),
});

export const usageSchema = z.looseObject({
  tokens_in: count.optional(),
  tokens_out: count.optional(),
  cost_usd: z.number().min(0).optional(),
});

/** `tools.listed`: what the server said it offers. The definitions' text is in the payload. */
export const listingSchema = z.looseObject({
  tools: z
    .array(z.looseObject({ name, definition: sha256Hex }))
    .max(1000)
    .describe("hash of each definition: see definitionHash"),
  complete: z.boolean().describe("false for one page of several, or when more than 1,000 tools were listed"),
});

/** `heartbeat`: what the producer did in an interval; with the previous one it forms a chain for each boot. */
export const heartbeatSchema = z.looseObject({
  from: timestamp,
  to: timestamp,
  from_seq: count.describe("first seq of the interval"),
  to_seq: count.describe("the heartbeat's own seq; the interval's last record is to_seq - 1"),
  dropped: z.record(name, count).describe("records lost by reason, e.g. spool_full"),
  hash: sha256Hex.describe("over the SHA-256 of each envelope of the interval, in seq order"),
  previous: sha256Hex.nullable().describe("hash of the heartbeat before; null for the first of a boot"),
  goodbye: z.boolean().describe("true for the last heartbeat of a clean stop"),
  deny_list: z
    .looseObject({
      status: z
        .enum(["none", "empty", "stale", "fresh"])
        .describe("none: it refuses nothing, whatever is revoked"),
      entries: count.describe("live revocations that it knows"),
      rejected: count.describe("entries since its start that no pinned key had signed"),
    })
    .optional()
    .describe("of an interceptor: how current what it refuses is"),
});

/** `revocation.applied`: an interceptor refuses from now. */
export const appliedSchema = z.looseObject({
  id: name,
  scope: name,
  subject: name.max(1024),
  state: z.enum(["active", "reinstated"]),
  at: timestamp,
});

/** `decision`: what the responder, or a person, decided. About a dead letter, `subject` is the letter's id. */
export const decisionSchema = z.looseObject({
  kind: z.enum([
    "revoked",
    "reinstated",
    "would_revoke",
    "withheld",
    "notified",
    "notify_failed",
    "dead_letter_replayed",
    "dead_letter_discarded",
    "acknowledged",
    "resolved",
    "reopened",
    "false_positive",
    "escalated",
    "muted",
    "unmuted",
    "exception_added",
    "exception_removed",
    "proposed",
    "approved",
    "rejected",
    "halted",
    "resumed",
    "upstream_acknowledged",
    "upstream_verified",
    "upstream_reinstated",
    "upstream_failed",
    "not_enforced",
    "enforced",
    "drilled",
  ]),
  reason: name.max(1024),
  by: name.describe("`policy` or the id of the person's token"),
  alert_id: name.optional(),
  rule_id: name.optional(),
  revocation_id: name.optional(),
  incident_id: name.optional(),
  via: name.optional().describe("the notifier or revoker that was used"),
  scope: name.optional(),
  subject: name.max(1024).optional(),
  detected_at: timestamp.optional(),
  decided_at: timestamp.optional(),
  interceptors: z
    .array(z.looseObject({ producer: name, boot: uuid }))
    .max(500)
    .optional()
    .describe("of not_enforced and enforced: which had not said that they refuse, or now have"),
});

/** `access`: somebody read the record. */
export const accessSchema = z.looseObject({
  by: name.describe("id of the token"),
  action: name.describe("e.g. calls.search, payload.read"),
  query: z.string().max(2048).describe("the filters as canonical JSON, free text replaced by its hash"),
  records: count,
});

/**
 * `rules.changed`: which rules are in force from this record on in its partition of the events topic. Each partition gets
 * one. Of two, the one with the higher number counts, then the one whose `set` is greater, whatever their order.
 */
export const rulesChangedSchema = z.looseObject({
  number: count.describe("1 for the first set of a log's generation, then up"),
  set: sha256Hex.describe("hash of the set's content"),
  generation: name.describe("of the log; records copied from an earlier one say another"),
  list: z
    .array(
      z.looseObject({
        id: name,
        hash: sha256Hex.describe("of the rule's file"),
        since: count.describe("number of the set that this version of the rule came with"),
        level: name,
        shipped: z.boolean(),
      }),
    )
    .max(2000),
  disabled: z.array(name).max(2000).describe("rules that are switched off by the settings"),
  exceptions: count,
  problems: z
    .array(z.looseObject({ file: z.string().max(1024), message: z.string().max(1024) }))
    .max(50)
    .describe("files that could not be used; of a file that was good before, that version stays in force"),
});
export type RulesChanged = z.infer<typeof rulesChangedSchema>;

export const envelopeSchema = z.looseObject({
  v: z.literal(1),
  id: uuid,
  type: z.enum(RECORD_TYPES),
  time: timestamp.describe("the producer's clock"),
  received: timestamp.optional().describe("the collector's clock; absent until it was received"),
  tenant: tenantId,
  producer: producerSchema,
  actor: actorSchema.optional(),
  session: sessionSchema.optional(),
  target: targetSchema.optional(),
  call: callSchema.optional(),
  policy: policySchema.optional(),
  usage: usageSchema.optional(),
  listing: listingSchema.optional(),
  heartbeat: heartbeatSchema.optional(),
  applied: appliedSchema.optional(),
  decision: decisionSchema.optional(),
  access: accessSchema.optional(),
  rules: rulesChangedSchema.optional(),
  erasure: erasureSchema.optional(),
  retention: retentionSchema.optional(),
  payload_hash: sha256Hex
    .optional()
    .describe("SHA-256 over the payload's bytes; absent when there is no payload"),
});
export type Envelope = z.infer<typeof envelopeSchema>;

const REQUIRED_PARTS: Partial<Record<RecordType, readonly (keyof typeof envelopeSchema.shape)[]>> = {
  call: ["target", "call"],
  "call.intent": ["target", "call"],
  "tools.listed": ["target", "listing"],
  heartbeat: ["heartbeat"],
  "revocation.applied": ["applied"],
  decision: ["decision"],
  access: ["access"],
  "rules.changed": ["rules"],
  erasure: ["erasure"],
  retention: ["retention"],
};

/** The parts of the envelope that a record of this type must carry, beside what all carry. */
export function requiredParts(type: RecordType): readonly (keyof typeof envelopeSchema.shape)[] {
  return REQUIRED_PARTS[type] ?? [];
}
