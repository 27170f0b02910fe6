import { z } from "zod";
import { SEVERITIES } from "./alert.ts";
import { count, name, tenantId, timestamp, uuid } from "./fields.ts";

/**
 * An entry of the verdicts topic: what the rules make of one intent whose call waits (`policy.decision: hold`). Signed by
 * the detector over `verdictBytes`. It refuses, or lets through, this one call and nothing else.
 */
export const verdictSchema = z.object({
  v: z.literal(1),
  tenant: tenantId,
  producer: name,
  boot: uuid,
  seq: count,
  record_id: uuid.describe("of the intent: a verdict fits no other record"),
  verdict: z.enum(["clear", "finding"]),
  rule_id: name.optional().describe("of a finding: the gravest one's rule"),
  severity: z.enum(SEVERITIES).optional(),
  title: z.string().max(256).optional().describe("the rule's title: what the refused caller is told"),
  judged_at: timestamp,
});
export type Verdict = z.infer<typeof verdictSchema>;

export const signedVerdictSchema = verdictSchema.extend({
  key_id: name,
  signature: z.string().describe("base64url Ed25519 over verdictBytes"),
});
export type SignedVerdict = z.infer<typeof signedVerdictSchema>;

/** The bytes that are signed: a domain label, a newline, the verdict as JSON in the schema's key order, unknown keys refused. */
export function verdictBytes(verdict: Verdict): Uint8Array {
  return new TextEncoder().encode(`tripline verdict v1\n${JSON.stringify(verdictSchema.parse(verdict))}`);
}

/** Whether the one who recorded this waits for a verdict. */
export function awaitsVerdict(envelope: {
  type: string;
  policy?: { decision?: string | undefined } | undefined;
}): boolean {
  return envelope.type === "call.intent" && envelope.policy?.decision === "hold";
}
