import { z } from "zod";
import { WHERE_FIELDS } from "../selection.ts";

/**
 * `manifest.json` of an evidence bundle: what was asked, what is in it, and the SHA-256 of every other file. It is not signed: what
 * it claims is worth what the ledger's files in the bundle prove.
 */

export const MANIFEST_PATH = "manifest.json";
export const BUNDLE_FORMAT = "tripline-evidence";
export const BUNDLE_VERSION = 1;
/** Below it: a ledger's files, as many as are needed, under their own paths. */
export const LEDGER_FOLDER = "ledger";
export const RECORDS_FOLDER = "records";

const whole = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const hint = z.strictObject({ origin: z.string().max(1024), leaf: whole });
const where = z
  .strictObject(
    Object.fromEntries(Object.keys(WHERE_FIELDS).map((field) => [field, z.string().max(1024).optional()])),
  )
  .describe("fields of the envelope");

export const manifestSchema = z.strictObject({
  format: z.literal(BUNDLE_FORMAT),
  v: z.literal(BUNDLE_VERSION),
  made: z.string().max(64).describe("when, by the exporter's clock"),
  asked: z.strictObject({
    from: z.string().max(64).optional(),
    to: z.string().max(64).optional(),
    where: where.optional(),
    id: z.string().max(64).optional(),
  }),
  covers: z
    .enum(["range", "selection"])
    .describe(
      "range: every position between two leaves of the root log; selection: single records, and nothing about others",
    ),
  hints: z
    .strictObject({ before: z.array(hint), last: z.array(hint) })
    .describe("leaves of the root log that name the sizes of the partitions' logs"),
  records: whole,
  files: z.array(
    z.strictObject({
      path: z.string().max(1024),
      bytes: whole,
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
    }),
  ),
});
export type Manifest = z.infer<typeof manifestSchema>;
