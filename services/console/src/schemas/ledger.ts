import { z } from "zod";

export const MAX_POSITIONS = 32_768; // of one question: some 30 MB
export const MAX_IDS = 200; // of one question; more make its address too long

const position = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

export const sealedQuery = z
  .strictObject({
    generation: z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,200}$/)
      .describe("of the log"),
    partition: position,
    from: position.describe("positions from here on"),
    to: position.describe(`positions before there, at most ${MAX_POSITIONS} at once`),
    exact: z
      .enum(["true", "false"])
      .optional()
      .describe("true: rebuilt from the columns as everywhere else, which is slower; without dead letters"),
  })
  .refine(({ from, to }) => from <= to && to - from <= MAX_POSITIONS, {
    error: `expected from ≤ to, and at most ${MAX_POSITIONS} positions`,
  });

export const idsQuery = z.strictObject({
  ids: z
    .string()
    .transform((text) => text.split(","))
    .pipe(z.array(z.uuid()).min(1).max(MAX_IDS))
    .describe("record ids, separated by commas"),
});

export const noQuery = z.strictObject({});

export const partitionsAnswer = z.object({
  partitions: z.array(
    z.object({ generation: z.string(), partition: z.number(), rows: z.number(), highest: z.number() }),
  ),
});
