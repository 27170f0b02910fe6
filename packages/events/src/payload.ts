import { z } from "zod";

/** How much of arguments and results is captured, per server and tool. */
export const CAPTURE_LEVELS = ["full", "fingerprint", "none"] as const;
export type CaptureLevel = (typeof CAPTURE_LEVELS)[number];

const cutSchema = z.looseObject({
  bytes: z.number().int().min(0).describe("size of the JSON text before the cut, UTF-8"),
  digest: z
    .string()
    .describe(
      "keyed hash of the whole, before redaction and cut: equal wholes, equal digest. Of a result the whole is its text, or its JSON where it came in a frame too large to be parsed",
    ),
});

/** A value's or text's keyed hashes: equal values have equal hashes, nothing can be read. */
export const fingerprintSchema = z.looseObject({
  key_id: z.string(),
  values: z.array(z.string()).describe("keyed hashes of scalar values"),
  shingles: z.array(z.string()).describe("keyed hashes of word 3-grams of the texts"),
  targets: z
    .array(z.string())
    .optional()
    .describe("those of the values that are mail addresses, links or accounts, without scheme and www"),
  prose: z
    .array(z.string())
    .optional()
    .describe("those of the targets that stand in free text only, in no field"),
});

/** What was said: kept for its own retention, erasable, behind its own permission. All text is redacted and hostile. */
export const payloadSchema = z.looseObject({
  salt: z.string().regex(/^[0-9a-f]{32}$/, { error: "expected 32 hex digits" }),
  capture: z.enum(CAPTURE_LEVELS).optional().describe("absent: full"),
  args: z.unknown().optional().describe("redacted arguments; a string of JSON text when cut"),
  args_digest: z.string().optional().describe("keyed hash of the arguments: equal arguments, equal digest"),
  result: z.string().optional().describe("redacted text of the result, as an agent reads it"),
  error: z.string().optional(),
  names: z.record(z.string(), z.string()).optional().describe("subject id -> name or address"),
  definitions: z.array(z.unknown()).optional().describe("tools.listed: the definitions as listed, redacted"),
  fingerprints: z
    .looseObject({ args: fingerprintSchema.optional(), result: fingerprintSchema.optional() })
    .optional(),
  cut: z
    .looseObject({
      args: cutSchema.optional(),
      result: cutSchema.optional(),
      error: cutSchema.optional(),
      definitions: cutSchema.optional(),
    })
    .optional(),
  redactions: z
    .record(z.string(), z.number().int())
    .optional()
    .describe("how many values of each kind were replaced"),
});
export type Payload = z.infer<typeof payloadSchema>;
