import { credentialId, name, SEVERITIES, tenantId } from "@tripline/events";
import { z } from "zod";
import { DURATION } from "./duration.ts";
import {
  DEFAULT_ESCALATION_LEVELS,
  DEFAULT_INCIDENT_SETTINGS,
  escalationSchema,
  incidentSettingsSchema,
} from "./incident/index.ts";
import { revokerSchema } from "./revokers/index.ts";

/** The schema of `response.yaml`. Unknown keys are refused: a misspelt guard must not look like a guard. */

/** A key whose lines are all commented out is null in YAML; that means the same as no key. */
function orAbsent<S extends z.ZodType>(schema: S) {
  return z.preprocess((value) => value ?? undefined, schema);
}

/**
 * What may be revoked without a person. Only what a verified key vouches for: an agent's or principal's name may be
 * self-reported, and a tool or server belongs to everybody, so one caller must not be able to take it away from all.
 */
export const AUTOMATIC_SCOPES = ["credential", "session"] as const;
export type AutomaticScope = (typeof AUTOMATIC_SCOPES)[number];

const duration = z.string().regex(DURATION, { error: "expected a duration as 30m, 24h or 7d" });

const webhookUrl = z
  .string()
  .max(2048)
  .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), {
    error: "expected an http:// or https:// address",
  })
  .refine((text) => !URL.canParse(text) || (new URL(text).username === "" && new URL(text).password === ""), {
    error: "an address with user and password is refused: the receiver checks the signature instead",
  });

export const webhookSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, { error: "expected up to 40 lower-case letters, digits and '-'" })
      .describe("names the webhook in records and metrics; a new name starts with the alerts from then on"),
    url: webhookUrl.describe("where the alert is posted to; redirects are not followed"),
    secret_env: z
      .string()
      .min(1)
      .optional()
      .describe("name of the environment variable that holds the signing secret (whsec_…)"),
    secret_file: z
      .string()
      .startsWith("/", { error: "expected an absolute path" })
      .optional()
      .describe("absolute path of the file that holds the signing secret"),
    min_severity: z.enum(SEVERITIES).default("medium").describe("alerts below this are not sent here"),
    tenants: z.array(tenantId).min(1).optional().describe("only alerts of these tenants; absent: all"),
  })
  .refine((webhook) => (webhook.secret_env === undefined) !== (webhook.secret_file === undefined), {
    error: "give either secret_env or secret_file",
  });
export type WebhookConfig = z.infer<typeof webhookSchema>;

export const ruleResponseSchema = z.strictObject({
  enabled: z.boolean().describe("true: an alert of this rule takes the key away"),
  dry_run: z.boolean().optional().describe("true: only record what would have been revoked"),
  scope: z.enum(AUTOMATIC_SCOPES).optional().describe("absent: what the rule names"),
  credentials: z
    .array(credentialId)
    .min(1)
    .max(1000)
    .optional()
    .describe("only these credentials; absent: every credential"),
  tenants: z.array(tenantId).min(1).optional().describe("only these tenants; absent: all"),
  expires_after: duration
    .optional()
    .describe("the revocation ends by itself; absent: it stays until reinstated"),
});
export type RuleResponse = z.infer<typeof ruleResponseSchema>;

const limitSchema = z.strictObject({
  keys: z.number().int().min(1).max(1000),
  minutes: z.number().int().min(1).max(10_080),
});

// Three keys in an hour: enough for an incident, few enough that a wrong rule does not stop a company.
const DEFAULT_LIMIT = { keys: 3, minutes: 60 };

export const automaticRevocationSchema = z.strictObject({
  dry_run: z.boolean().default(false).describe("true: nothing is revoked, whatever a rule says"),
  limit: orAbsent(limitSchema.default(DEFAULT_LIMIT)).describe(
    "at most this many keys of a tenant in this many minutes; what is beyond waits for a person",
  ),
  never_revoke: orAbsent(z.array(z.string().min(1).max(1024)).default([])).describe(
    "credentials, sessions, agents or principals that only a person may revoke; * stands for anything",
  ),
  rules: orAbsent(z.record(name, ruleResponseSchema).default({})).describe(
    "rule id -> what to do; absent: nothing",
  ),
});

const AUTOMATIC_REVOCATION_OFF = { dry_run: false, limit: DEFAULT_LIMIT, never_revoke: [], rules: {} };

export const responseConfigSchema = z.strictObject({
  webhooks: orAbsent(
    z
      .array(webhookSchema)
      .max(32)
      .default([])
      .refine((all) => new Set(all.map((webhook) => webhook.name)).size === all.length, {
        error: "two webhooks have the same name",
      }),
  ),
  incidents: orAbsent(incidentSettingsSchema.default(DEFAULT_INCIDENT_SETTINGS)),
  escalation: orAbsent(escalationSchema.default(DEFAULT_ESCALATION_LEVELS)).describe(
    "told again, at the next level, while nobody acknowledges; an empty list: never",
  ),
  automatic_revocation: orAbsent(automaticRevocationSchema.default(AUTOMATIC_REVOCATION_OFF)),
  revokers: orAbsent(
    z
      .array(revokerSchema)
      .max(64)
      .default([])
      .refine((all) => new Set(all.map((revoker) => revoker.name)).size === all.length, {
        error: "two revokers have the same name",
      }),
  ).describe("where a key that was taken away is revoked too: at its issuer"),
});
export type ResponseConfig = z.infer<typeof responseConfigSchema>;
export type AutomaticRevocation = ResponseConfig["automatic_revocation"];
