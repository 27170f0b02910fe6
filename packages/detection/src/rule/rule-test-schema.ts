import { assurance, OUTCOMES, SEVERITIES } from "@tripline/events";
import { z } from "zod";
import { manifestSchema } from "../knowledge/manifest-schema.ts";
import { duration } from "./duration.ts";

/** A record in the short form that rules' own cases are written in. What is left out has a default. */
export const shortRecordSchema = z.strictObject({
  at: z
    .union([z.literal("0s"), duration])
    .optional()
    .describe("time since the case began; default: 1 s after the one before"),
  repeat: z.int().min(1).max(1000).default(1),
  every: duration.optional().describe("between repetitions; default 1s"),
  tenant: z.string().default("test"),
  credential: z.string().default("local:test"),
  assurance: assurance.default("verified"),
  principal: z.string().optional(),
  agent: z.string().optional(),
  client: z.string().optional(),
  team: z.string().optional(),
  session: z.string().nullable().default("s1"),
  server: z.string().default("test"),
  tool: z.string().optional(),
  definition: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  args: z.unknown().optional(),
  result: z.unknown().optional().describe("text, or a value that is written as JSON"),
  error: z.string().optional(),
  outcome: z.enum(OUTCOMES).default("ok"),
  duration_ms: z.number().min(0).optional(),
  args_bytes: z.int().min(0).optional(),
  result_bytes: z.int().min(0).optional(),
  result_items: z.int().min(0).optional(),
  cost_usd: z.number().min(0).optional(),
  intent: z.boolean().default(false).describe("true: as two records, intent and call"),
  listed: z
    .array(z.looseObject({ name: z.string() }))
    .optional()
    .describe("a tools.listed record of these definitions"),
});
export type ShortRecord = z.infer<typeof shortRecordSchema>;

export const ruleTestSchema = z.strictObject({
  name: z.string().min(1),
  records: z.array(shortRecordSchema).min(1),
  manifest: manifestSchema.optional().describe("what the operator's manifest says in this case"),
  alerts: z.array(z.enum(SEVERITIES)).describe("severities in order; [] when the rule must stay silent"),
});
export type RuleTest = z.infer<typeof ruleTestSchema>;
