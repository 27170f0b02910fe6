import { z } from "zod";
import { REVOCATION_SCOPES } from "./alert.ts";
import { name, tenantId, timestamp } from "./fields.ts";

/**
 * An entry of the revocations topic: "this scope is refused from now", or the entry's own reinstatement.
 * Signed by the responder over `revocationBytes`; any live entry denies, and reinstatement lifts only its own entry.
 * Subjects: credential id; session id; agent; subject id of a principal; `server/tool`; server.
 */
export const revocationSchema = z.object({
  v: z.literal(1),
  id: name.describe("the alert's id, or a UUID when a person decided"),
  tenant: tenantId,
  scope: z.enum(REVOCATION_SCOPES),
  subject: z.string().min(1).max(1024),
  state: z.enum(["active", "reinstated"]),
  reason: z.string().max(1024),
  by: name.describe("`policy` or the id of the person's token"),
  rule_id: name.optional(),
  alert_id: name.optional(),
  detected_at: timestamp.optional(),
  decided_at: timestamp,
  expires_at: timestamp.optional(),
  reinstated_at: timestamp.optional(),
});
export type Revocation = z.infer<typeof revocationSchema>;

export const signedRevocationSchema = revocationSchema.extend({
  key_id: name,
  signature: z.string().describe("base64url Ed25519 over revocationBytes"),
});
export type SignedRevocation = z.infer<typeof signedRevocationSchema>;

/** The bytes that are signed: a domain label, a newline, the entry as JSON in the schema's key order, unknown keys refused. */
export function revocationBytes(entry: Revocation): Uint8Array {
  return new TextEncoder().encode(`tripline revocation v1\n${JSON.stringify(revocationSchema.parse(entry))}`);
}
