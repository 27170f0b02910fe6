import { z } from "zod";
import { moment } from "./common.ts";

export const MAX_POSITIONS = 32_768; // of one question: some 30 MB
export const MAX_COLUMN_POSITIONS = 262_144; // of one question: who asks chooses fewer where records are large
export const MAX_IDS = 200; // of one question; more make its address too long

const position = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

const stretch = (most: number) => ({
  generation: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,200}$/)
    .describe("of the log"),
  partition: position,
  from: position.describe("positions from here on"),
  to: position.describe(`positions before there, at most ${most} at once`),
});
const within = (most: number) => ({ from, to }: { from: number; to: number }) => from <= to && to - from <= most;
const tooMany = (most: number) => ({ error: `expected from ≤ to, and at most ${most} positions` });

export const sealedQuery = z
  .strictObject({
    ...stretch(MAX_POSITIONS),
    exact: z
      .enum(["true", "false"])
      .optional()
      .describe("true: rebuilt from the columns as everywhere else, which is slower; without dead letters"),
  })
  .refine(within(MAX_POSITIONS), tooMany(MAX_POSITIONS));

export const columnsQuery = z
  .strictObject(stretch(MAX_COLUMN_POSITIONS))
  .refine(within(MAX_COLUMN_POSITIONS), tooMany(MAX_COLUMN_POSITIONS));

export const idsQuery = z.strictObject({
  ids: z
    .string()
    .transform((text) => text.split(","))
    .pipe(z.array(z.uuid()).min(1).max(MAX_IDS))
    .describe("record ids, separated by commas"),
});

const MAX_BESIDES = 500; // stretches, one for each partition that was looked at

export const straysQuery = z.strictObject({
  since: moment.optional().describe("records that say they happened from this time on"),
  until: moment.optional().describe("before this time"),
  besides: z
    .string()
    .regex(/^([A-Za-z0-9._-]{1,200}:\d{1,9}:\d{1,16}:\d{1,16})(,[A-Za-z0-9._-]{1,200}:\d{1,9}:\d{1,16}:\d{1,16})*$/)
    .transform((text) =>
      text.split(",").map((each) => {
        const [generation = "", partition, from, to] = each.split(":");
        return { generation, partition: Number(partition), from: Number(from), to: Number(to) };
      }),
    )
    .refine((stretches) => stretches.length <= MAX_BESIDES, { error: `expected at most ${MAX_BESIDES}` })
    .optional()
    .describe("positions that are left out: GENERATION:PARTITION:FROM:TO, separated by commas"),
  skip: position.optional().describe("how many of them, in the order of positions, are left out: 10,000 are answered at once"),
});

export const noQuery = z.strictObject({});

export const partitionsAnswer = z.object({
  partitions: z.array(
    z.object({ generation: z.string(), partition: z.number(), rows: z.number(), highest: z.number() }),
  ),
});
