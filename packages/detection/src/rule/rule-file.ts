import { REVOCATION_SCOPES, SEVERITIES } from "@tripline/events";
import { z } from "zod";
import { duration } from "./duration.ts";
import { ruleTestSchema } from "./rule-test-schema.ts";

/** The shape of a rule's file. Sigma's own keys at the top; what Sigma cannot say below `tripline`. */

const text = z.string().min(1).max(4000);
const level = z.enum(SEVERITIES);
const groupBy = z.array(z.string().min(1)).min(1).max(4);

const stepSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9_]{0,31}$/, { error: "expected a lower-case name such as `read`" }),
  match: text.describe("a condition over the detection's selections"),
});

const linkSchema = z.strictObject({
  from: z.string().describe("step whose result the value comes from"),
  to: z.string().describe("step whose arguments it reaches"),
  none: level.optional().describe("severity without a link; left out: no alert"),
  value: level.describe("severity when a distinctive value or a copied passage links them"),
  secret: level.describe("severity when the same redacted secret links them"),
});

const sequenceSchema = z.strictObject({
  steps: z.array(stepSchema).min(2).max(8),
  within: duration,
  "group-by": groupBy.default(["session"]),
  max_partials: z.int().min(1).max(64).default(16).describe("beginnings remembered for each group"),
  link: linkSchema.optional(),
});

const newValueSchema = z.strictObject({
  field: z.string(),
  "group-by": groupBy,
  learning: duration.describe("values of the first so-long of a group are learned without an alert"),
});

const changedSchema = z.strictObject({
  "group-by": groupBy.default(["server"]).describe("the definition of each tool is followed in each group"),
});

const trifectaSchema = z.strictObject({
  within: duration,
  "group-by": groupBy.default(["session"]),
  levels: z.strictObject({
    together: level.describe("private read, untrusted content and an external sink, nothing more"),
    data: level.describe("a value of the private read is in the sink's arguments"),
    destination: level.describe("an act whose destination is known only from untrusted prose"),
    both: level,
  }),
});

const correlationSchema = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("event_count"),
    "group-by": groupBy,
    timespan: duration,
    condition: z.strictObject({ gte: z.int().min(2).max(10_000) }),
  }),
  z.strictObject({
    type: z.literal("value_count"),
    "group-by": groupBy,
    timespan: duration,
    condition: z.strictObject({ field: z.string(), gte: z.int().min(2).max(1000) }),
  }),
]);

const triplineSchema = z.strictObject({
  summary: text.describe("one sentence; {field}, {count}, {values} and {step.field} are filled in"),
  why: text,
  next: z.array(text).min(1).max(10),
  response: z.strictObject({
    revocable: z.boolean(),
    scope: z.enum(REVOCATION_SCOPES).optional(),
  }),
  "group-by": groupBy
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
  sequence: sequenceSchema.optional(),
  new_value: newValueSchema.optional(),
  changed: changedSchema.optional(),
  trifecta: trifectaSchema.optional(),
  tests: z.array(ruleTestSchema).default([]),
});

export const LOGSOURCES = {
  agent_tool_call: "calls",
  agent_tool_listing: "what servers list",
  agent_tool_any: "both",
} as const;

export const ruleFileSchema = z.strictObject({
  title: z.string().min(1).max(256),
  id: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{2,63}$/, { error: "expected lower-case letters, digits and '-', 3 to 64" }),
  status: z.enum(["stable", "test", "experimental", "deprecated", "unsupported"]).default("experimental"),
  description: text.optional(),
  references: z.array(z.string()).default([]),
  author: z.string().optional(),
  date: z.string().optional(),
  modified: z.string().optional(),
  license: z.string().optional(),
  tags: z
    .array(z.string().regex(/^[a-z0-9_.-]+$/, { error: "expected lower case, as owasp.asi02" }))
    .default([]),
  logsource: z.strictObject({
    category: z.enum(["agent_tool_call", "agent_tool_listing", "agent_tool_any"]),
    product: z.string().optional(),
    service: z.string().optional(),
  }),
  detection: z.record(z.string(), z.unknown()),
  correlation: correlationSchema.optional(),
  falsepositives: z.array(z.string()).default([]),
  level,
  tripline: triplineSchema,
});
export type RuleFile = z.infer<typeof ruleFileSchema>;
export type Correlation = z.infer<typeof correlationSchema>;
export type SequenceSpec = z.infer<typeof sequenceSchema>;
export type NewValueSpec = z.infer<typeof newValueSchema>;
export type ChangedSpec = z.infer<typeof changedSchema>;
export type TrifectaSpec = z.infer<typeof trifectaSchema>;
