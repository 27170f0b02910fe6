import { z } from "zod";
import { name } from "./fields.ts";

const HOURS_A_WEEK = 168;
const MAX_BINS = 128; // of one sketch: pairs of bin and count, flat
const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/**
 * What a `statement` of the producer `tripline-baselines` says in its payload, under `baseline`: what has been usual of the
 * group that its envelope names (credential, server, tool …), as one rule measures it. The detector takes it up where the
 * statement stands in the log, so that a replay does the same.
 */
export const baselineStatementSchema = z.object({
  rule: name,
  since: z.number().describe("ms since the epoch: the first record that was looked at"),
  hours: z
    .array(
      z.tuple([
        z
          .number()
          .int()
          .min(0)
          .max(HOURS_A_WEEK - 1),
        count,
        z.array(z.number().int()).max(MAX_BINS),
      ]),
    )
    .max(HOURS_A_WEEK)
    .describe("hour of the week (0: Monday 00:00), windows with a value of 0, bins and counts of the others"),
});
export type BaselineStatement = z.infer<typeof baselineStatementSchema>;
