import { credentialId, name, tenantId } from "@tripline/events";
import { z } from "zod";
import { DURATION } from "./duration.ts";
import {
  approvalSchema,
  DEFAULT_DEADLINES,
  DEFAULT_LIMIT,
  deadlinesSchema,
  drillsSchema,
  limitSchema,
} from "./guard-config.ts";
import { egressSchema } from "./http/index.ts";
import {
  DEFAULT_ESCALATION_LEVELS,
  DEFAULT_INCIDENT_SETTINGS,
  escalationSchema,
  incidentSettingsSchema,
} from "./incident/index.ts";
import { notifierSchema } from "./notifiers/index.ts";
import { revokerSchema } from "./revokers/index.ts";
import { routeSchema, routeTestSchema, routingMistakes } from "./routing/index.ts";

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

export const automaticRevocationSchema = z.strictObject({
  dry_run: z.boolean().default(false).describe("true: nothing is revoked, whatever a rule says"),
  limit: orAbsent(limitSchema.default(DEFAULT_LIMIT)).describe(
    "at most this many keys, or this share, of a tenant in this many minutes; then it stops until a person resumes",
  ),
  never_revoke: orAbsent(z.array(z.string().min(1).max(1024)).default([])).describe(
    "credentials, sessions, agents or principals that only a person may revoke; * stands for anything",
  ),
  rules: orAbsent(z.record(name, ruleResponseSchema).default({})).describe(
    "rule id -> what to do; absent: nothing",
  ),
});

const AUTOMATIC_REVOCATION_OFF = { dry_run: false, limit: DEFAULT_LIMIT, never_revoke: [], rules: {} };

/** All of the file but for what its routes are tested for, which `responseConfigSchema` asks too. */
export const untestedResponseSchema = z.strictObject({
  notifiers: orAbsent(
    z
      .array(notifierSchema)
      .max(32)
      .default([])
      .refine((all) => new Set(all.map((notifier) => notifier.name)).size === all.length, {
        error: "two notifiers have the same name",
      }),
  ).describe("the systems that people are told through"),
  routes: orAbsent(z.array(routeSchema).max(200).optional()).describe(
    "who is told of what; absent: every notifier of everything from medium on",
  ),
  route_tests: orAbsent(z.array(routeTestSchema).max(500).default([])).describe(
    "cases that the routes must pass, or the file is refused",
  ),
  egress: orAbsent(egressSchema.default({ allow_internal: [] })).describe("where connections may go"),
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
  approval: orAbsent(approvalSchema.optional()).describe("what waits for more than one person"),
  deadlines: orAbsent(deadlinesSchema.default(DEFAULT_DEADLINES)).describe(
    "when on-call is told that a revocation is not in force everywhere",
  ),
  drills: orAbsent(drillsSchema).describe("canary keys that are revoked and reinstated to see that it works"),
});

export const responseConfigSchema = untestedResponseSchema.superRefine((config, context) => {
  for (const { path, message } of routingMistakes(config)) {
    context.addIssue({ code: "custom", path, message });
  }
});
export type ResponseConfig = z.infer<typeof responseConfigSchema>;
export type AutomaticRevocation = ResponseConfig["automatic_revocation"];
