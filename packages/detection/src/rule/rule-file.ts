import { REVOCATION_SCOPES, SEVERITIES } from "@tripline/events";
import { z } from "zod";
import { KINDS } from "../evaluators/kinds.ts";
import { correlationSchema } from "./correlation-schema.ts";
import { duration } from "./duration.ts";
import { groupBySchema } from "./field-names.ts";
import { ruleTestSchema } from "./rule-test-schema.ts";

/** The shape of a rule file's documents. Sigma's own keys at the top; what Sigma cannot say below `tripline`. */

const text = z.string().min(1).max(4000);
const level = z.enum(SEVERITIES);

const triplineSchema = z.strictObject({
  summary: text
    .optional()
    .describe("one sentence; {field}, {count}, {values} and {step.field} are filled in; default: the title"),
  why: text.optional().describe("why it is bad; default: the description, or the title"),
  next: z.array(text).min(1).max(10).optional().describe("what to do, step by step"),
  response: z
    .strictObject({
      revocable: z.boolean(),
      scope: z.enum(REVOCATION_SCOPES).optional(),
    })
    .default({ revocable: false }),
  "group-by": groupBySchema
    .optional()
    .describe("of a rule without correlation: one alert for each group in `quiet`"),
  quiet: duration
    .optional()
    .describe(
      "after an alert, no further one of the same severity for the group; default 10m, or the rule's window",
    ),
  max_groups: z
    .int()
    .min(1)
    .max(100_000)
    .default(10_000)
    .describe("groups remembered; the longest unused goes first"),
  score: z
    .number()
    .min(0)
    .max(100)
    .optional()
    .describe("points of a finding towards an incident; default by severity: 1, 2, 4, 8, 16"),
  alert: z
    .boolean()
    .default(true)
    .describe("false: no alert of its own, its findings only add up to incidents"),
  ...KINDS,
  tests: z.array(ruleTestSchema).default([]),
});

export const LOGSOURCES = {
  agent_tool_call: "calls",
  agent_tool_listing: "what servers list",
  agent_tool_any: "both",
} as const;

const SIGMA_DATE = /^[1-3]\d{3}(?:-[01]\d-[0-3]\d|\/[01]?\d\/[0-3]?\d)$/;
const sigmaDate = z.string().regex(SIGMA_DATE, { error: "expected a date such as 2026-11-21" });

/** What both kinds of documents have. */
const commonShape = {
  title: z.string().min(1).max(256),
  name: z
    .string()
    .regex(/^[a-z0-9_][a-z0-9_-]{0,63}$/, {
      error: "expected lower-case letters, digits, '-' and '_', at most 64",
    })
    .optional()
    .describe("the rule's id in alerts and for correlations; without it, `id` is"),
  id: z
    .uuid({ error: "expected a UUID; the rule's readable name is `name`" })
    .optional()
    .describe("Sigma's id, a UUID"),
  related: z
    .array(
      z.strictObject({
        id: z.uuid(),
        type: z.enum(["derived", "obsolete", "merged", "renamed", "similar", "correlation"]),
      }),
    )
    .max(100)
    .optional(),
  taxonomy: z.enum(["sigma", "tripline"]).optional(),
  status: z.enum(["stable", "test", "experimental", "deprecated", "unsupported"]).default("experimental"),
  description: z.string().min(1).max(65_535).optional(),
  license: z.string().optional(),
  references: z.array(z.string()).default([]),
  author: z.string().optional(),
  date: sigmaDate.optional(),
  modified: sigmaDate.optional(),
  tags: z
    .array(
      z.string().regex(/^[a-z0-9_-]+\.[a-z0-9_.-]+$/, {
        error: "expected a namespace and a name in lower case, as owasp.asi02",
      }),
    )
    .default([]),
  fields: z.array(z.string()).max(100).optional().describe("fields that are worth a look"),
  falsepositives: z.array(z.string()).default([]),
  level: level.default("medium"),
  scope: z.array(z.string()).max(100).optional(),
  tripline: triplineSchema.prefault({}),
};

/** A rule with a detection. */
export const detectionDocumentSchema = z.strictObject({
  ...commonShape,
  logsource: z.strictObject({
    category: z.enum(["agent_tool_call", "agent_tool_listing", "agent_tool_any"]),
    product: z.string().optional(),
    service: z.string().optional(),
    definition: z.string().optional(),
  }),
  detection: z.record(z.string(), z.unknown()).describe("selections by name, and `condition`"),
});
export type DetectionDocument = z.infer<typeof detectionDocumentSchema>;

/** A correlation of rules. */
export const correlationDocumentSchema = z.strictObject({
  ...commonShape,
  correlation: correlationSchema,
  generate: z
    .boolean()
    .optional()
    .describe("as `correlation.generate`, where older versions of Sigma have it"),
});
export type CorrelationDocument = z.infer<typeof correlationDocumentSchema>;
