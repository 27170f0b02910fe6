import { credentialId, REVOCATION_SCOPES, tenantId } from "@tripline/events";
import { z } from "zod";
import { DURATION } from "./duration.ts";
import { secretPlace } from "./secret-place.ts";

/** The parts of `response.yaml` that guard against our own mistakes, and against being used as a weapon. */

const duration = z.string().regex(DURATION, { error: "expected a duration as 30s, 30m, 24h or 7d" });

export const limitSchema = z.strictObject({
  keys: z.number().int().min(1).max(1000),
  percent: z
    .number()
    .gt(0)
    .max(100)
    .optional()
    .describe("of the keys that the tenant used in the last 24 hours; one key may always be taken away"),
  minutes: z.number().int().min(1).max(10_080),
});

// Three keys in an hour: enough for an incident, few enough that a wrong rule does not stop a company.
export const DEFAULT_LIMIT = { keys: 3, minutes: 60 };

export const approvalSchema = z
  .strictObject({
    people: z.number().int().min(2).max(10).default(2).describe("how many different people have to agree"),
    scopes: z
      .array(z.enum(REVOCATION_SCOPES))
      .min(1)
      .optional()
      .describe("revocations of these scopes wait, a person's and a rule's"),
    rules: z
      .array(z.string().min(1).max(256))
      .min(1)
      .optional()
      .describe("what these rules would revoke waits; * stands for anything"),
    tenants: z.array(tenantId).min(1).optional().describe("only these tenants; absent: all"),
    lapses_after: duration.default("24h").describe("what nobody approved by then is dropped"),
  })
  .refine((approval) => approval.scopes !== undefined || approval.rules !== undefined, {
    error: "say what has to wait: scopes, rules or both",
  });
export type Approval = z.infer<typeof approvalSchema>;

// Interceptors apply an entry within milliseconds. One whose connection just broke notices after 45 s at most, and reconnects.
// An issuer may be asked again after an outage; what it caches (31 s at one peer) passes well before it has to be verified.
export const DEFAULT_DEADLINES = { interceptors: "60s", upstream: "5m", verified: "15m" };

export const deadlinesSchema = z.strictObject({
  interceptors: duration
    .default(DEFAULT_DEADLINES.interceptors)
    .describe("until every live interceptor has said that it refuses"),
  upstream: duration.default(DEFAULT_DEADLINES.upstream).describe("until the issuer has acknowledged"),
  verified: duration
    .default(DEFAULT_DEADLINES.verified)
    .describe("until the issuer was seen to refuse the key"),
});
export type Deadlines = z.infer<typeof deadlinesSchema>;

export const drillSchema = z.strictObject({
  tenant: tenantId,
  credential: credentialId.describe(
    "a canary that nothing but the drill depends on: it is refused for moments",
  ),
  every: duration.optional().describe("runs by itself so often; absent: only by `tripline drill`"),
  within: duration.default("2m").describe("how long each stage may take"),
  call: z
    .strictObject({
      url: z
        .url({ protocol: /^https?$/, error: "expected an http:// or https:// address" })
        .max(2048)
        .describe("an MCP endpoint behind an interceptor (`tripline http-proxy`)"),
      header: z
        .string()
        .regex(/^[A-Za-z0-9-]{1,64}$/, { error: "expected the name of a header" })
        .default("authorization"),
      secret: secretPlace.describe("the canary's own key or token"),
      prefix: z.string().max(32).default("Bearer ").describe("before the secret in the header"),
    })
    .optional()
    .describe(
      "a real call with the canary: it has to go through before and after, and to be refused meanwhile",
    ),
});
export type DrillSettings = z.infer<typeof drillSchema>;

export const drillsSchema = z
  .array(drillSchema)
  .max(100)
  .default([])
  .refine((all) => new Set(all.map(({ tenant }) => tenant)).size === all.length, {
    error: "one drill for each tenant",
  });
