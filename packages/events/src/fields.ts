import { z } from "zod";

/** Shapes of single fields, shared by all schemas. */

export const MAX_NAME_CHARS = 256; // servers, tools, agents, sessions: longer names are cut by the interceptor
export const MAX_CREDENTIAL_CHARS = 512; // grant ids hold an issuer URL

export const uuid = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, {
  error: "expected a lower-case UUID",
});

/** RFC 3339 in UTC with exactly three digits of milliseconds, so that text order is time order. */
export const timestamp = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, {
  error: "expected UTC with milliseconds, as 2026-11-21T09:30:00.123Z",
});

export const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/, { error: "expected 64 hex digits" });

/** A printable name of at most MAX_NAME_CHARS; control characters are refused because names reach logs and terminals. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: refusing them is the point
const PRINTABLE = /^[^\u0000-\u001f\u007f]+$/;
export const name = z.string().min(1).max(MAX_NAME_CHARS).regex(PRINTABLE, { error: "control characters" });

export const tenantId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, { error: "expected lower-case letters, digits, '.', '_' or '-'" });

/** `local:name`, `key:issuer/id`, or `grant:issuer/client/subject[/sid]`. Never a secret. */
export const credentialId = z
  .string()
  .max(MAX_CREDENTIAL_CHARS)
  .regex(/^(local:[^\s/]+|key:[^\s/]+\/\S+|grant:\S+\/\S+\/\S+)$/, {
    error: "expected local:name, key:issuer/id or grant:issuer/client/subject",
  });

/** A number of things or a place in an order. */
export const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

export const assurance = z.enum(["verified", "asserted", "unknown"]);
export type Assurance = z.infer<typeof assurance>;
