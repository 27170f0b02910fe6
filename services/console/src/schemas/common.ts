import { z } from "zod";

/** Shapes that several routes share. */

/** A moment in a query: RFC 3339 with any zone; comes out as the store wants it, in UTC with milliseconds. */
export const moment = z.iso
  .datetime({ offset: true, error: "expected RFC 3339, as 2026-11-21T09:30:00Z" })
  .transform((text) => new Date(text).toISOString());

export const MAX_FILTER_CHARS = 1024;
export const filterText = z.string().min(1).max(MAX_FILTER_CHARS);

/** A list in one query parameter, separated by commas: `outcome=denied,timeout`. */
export function listOf<const Values extends readonly [string, ...string[]]>(values: Values) {
  return z
    .string()
    .transform((text) => text.split(","))
    .pipe(z.array(z.enum(values)).min(1))
    .describe(`one or several, separated by commas: ${values.join(", ")}`);
}

export const limit = z.coerce.number().int().min(1).max(500).describe("rows of a page, default 50");
export const cursor = z.string().min(1).max(1024).describe("`next` or `previous` of an earlier page");

export const text = z.string().nullable();
export const count = z.number().int().min(0);

/** Names of the subject ids in an answer; only for those who may read payloads. */
export const names = z
  .record(z.string(), z.array(z.string()))
  .optional()
  .describe("names of the subject ids that occur here, latest first; only with the role read_payload");

export const errorAnswer = z
  .object({ error: z.object({ code: z.string(), message: z.string() }) })
  .describe("what was wrong, and what to do");

export const idParams = z.object({ id: z.string().min(1).max(256) });
