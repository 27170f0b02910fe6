import { z } from "zod";
import type { OPERATORS } from "../evaluators/correlation/bounds.ts";
import { timespan } from "./duration.ts";

export const CORRELATION_TYPES = [
  "event_count",
  "value_count",
  "value_sum",
  "value_avg",
  "value_percentile",
  "value_median",
  "temporal",
  "temporal_ordered",
] as const;

const MAX_RULES = 32; // of one correlation
const MAX_GROUP_FIELDS = 8;
const MAX_NAME_CHARS = 128;

const name = z.string().min(1).max(MAX_NAME_CHARS);
const bound = z.number().min(-1e15).max(1e15).optional();

const boundsSchema = z.strictObject({
  ...({ gt: bound, gte: bound, lt: bound, lte: bound, eq: bound, neq: bound } satisfies Record<
    (typeof OPERATORS)[number],
    typeof bound
  >),
  field: z
    .union([name, z.array(name).min(1).max(4)], { error: "expected a field or a list of fields" })
    .optional()
    .describe("whose values are counted, added up …"),
  percentile: z.int().min(1).max(100).optional().describe("of value_percentile"),
});

/** Sigma's `correlation`. */
export const correlationSchema = z.strictObject({
  type: z.enum(CORRELATION_TYPES),
  rules: z
    .union([name, z.array(name).min(1).max(MAX_RULES)], {
      error: `expected the name or id of a rule, or a list of 1 to ${MAX_RULES}`,
    })
    .optional()
    .describe("names or ids of the rules that it is about: of this file, or of another one"),
  "group-by": z
    .union([name, z.array(name).min(1).max(MAX_GROUP_FIELDS)], {
      error: `expected a field, or a list of 1 to ${MAX_GROUP_FIELDS} fields`,
    })
    .optional()
    .describe("fields or aliases; left out: all records of a tenant"),
  timespan,
  aliases: z
    .record(name, z.record(name, name))
    .optional()
    .describe("alias → rule → the field that the alias stands for in that rule's records"),
  condition: z
    .union([z.string().min(1).max(4000), boundsSchema], {
      error: "expected bounds such as `gte: 5`, or of a temporal correlation a condition over its rules",
    })
    .optional(),
  generate: z.boolean().optional().describe("true: its rules raise alerts of their own as well"),
});
export type Correlation = z.infer<typeof correlationSchema>;
