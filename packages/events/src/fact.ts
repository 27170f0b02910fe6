import { z } from "zod";
import { envelopeSchema } from "./envelope.ts";
import { payloadSchema } from "./payload.ts";

/** A record of the facts topic: what a second-stage rule needs, and where it came from (for deduplication). */
export const factSchema = z.object({
  v: z.literal(1),
  source: z.object({
    generation: z.string(),
    partition: z.number().int().min(0),
    offset: z.number().int().min(0),
    append_time: z.number().describe("ms since the epoch"),
  }),
  group: z.string().describe("what the rules of the second stage group by, e.g. server=filesystem"),
  rules: z.array(z.string()).describe("ids of the rules this fact is for"),
  rule_set: z
    .string()
    .optional()
    .describe("the set that chose it, as `number-hash`; absent: the rules never change"),
  record: z.object({ envelope: envelopeSchema, payload: payloadSchema.optional() }),
});
export type Fact = z.infer<typeof factSchema>;

/**
 * Between the facts of a partition: every fact of a record that the events topic took before `before` lies before this.
 * The second stage judges in the order in which things happened, and waits for one of these before it does.
 */
export const tickSchema = z.object({
  v: z.literal(1),
  type: z.literal("tick"),
  before: z.number().describe("ms since the epoch, by the log's clock"),
});
export type Tick = z.infer<typeof tickSchema>;
