import { z } from "zod";
import { MAX_CREDENTIAL_CHARS, name, tenantId, timestamp } from "./fields.ts";

export const UPSTREAM_STAGES = [
  "wanted",
  "acknowledged",
  "verified",
  "unverifiable",
  "given_up",
  "lifted",
  "not_lifted",
] as const;
export type UpstreamStage = (typeof UPSTREAM_STAGES)[number];

/**
 * How far one revocation is at one issuer: an entry of the upstream topic, which only the responder writes and reads. What it
 * says is on record as `decision`s; this is what the responder goes on from after a restart.
 */
export const upstreamSchema = z.looseObject({
  v: z.literal(1),
  tenant: tenantId,
  revocation_id: name,
  subject: z.string().max(MAX_CREDENTIAL_CHARS).describe("the credential"),
  revoker: name.describe("its name in response.yaml"),
  stage: z
    .enum(UPSTREAM_STAGES)
    .describe(
      "unverifiable: acknowledged, and nobody can be asked; not_lifted: reinstated, but left as it is at the issuer",
    ),
  at: timestamp.describe("when this stage was reached"),
  ours: z.boolean().describe("false: the issuer refused the key before we came, so it is not ours to lift"),
  acknowledged_at: timestamp.optional(),
  verified_at: timestamp.optional(),
  alerted: z.boolean().describe("on-call was told that the issuer may still accept the key"),
});
export type Upstream = z.infer<typeof upstreamSchema>;
