import { z } from "zod";
import { SEVERITIES } from "./alert.ts";
import { TriplineError } from "./errors.ts";
import { MAX_CREDENTIAL_CHARS, name, sha256Hex, tenantId, timestamp } from "./fields.ts";
import { revocationSchema } from "./revocation.ts";
import { controlKey } from "./topics.ts";

const control = {
  v: z.literal(1),
  id: name,
  tenant: tenantId,
  by: name.describe("`policy` or the id of the person's token"),
  at: timestamp,
  reason: z.string().min(1).max(1024),
};

/** No notices of matching incidents until it ends; they are recorded all the same. */
export const muteSchema = z.looseObject({
  ...control,
  kind: z.literal("mute"),
  until: timestamp,
  match: z
    .looseObject({
      rule: name.optional(),
      credential: z.string().max(MAX_CREDENTIAL_CHARS).optional(),
      server: name.optional(),
      below: z.enum(SEVERITIES).optional().describe("only what is less grave than this"),
    })
    .describe("all that are given must match; at least one is given"),
});
export type Mute = z.infer<typeof muteSchema>;

/** An exception of a rule that came from a false positive; the detector's rule set takes it in. */
export const exceptionSchema = z.looseObject({
  ...control,
  kind: z.literal("exception"),
  rule: name,
  where: z.record(z.string(), z.unknown()).describe("a Sigma selection over the completing record"),
  until: timestamp,
  incident_id: sha256Hex.optional(),
});
export type RuleException = z.infer<typeof exceptionSchema>;

/** A revocation that waits for further people; nothing is refused until enough have approved. */
export const proposalSchema = z.looseObject({
  ...control,
  kind: z.literal("proposal"),
  revocation: revocationSchema.describe("what is written once it is approved"),
  needs: z.number().int().min(1).max(10).describe("how many different people"),
  approved_by: z.array(name).max(10),
  until: timestamp.describe("when it lapses"),
  closed: z
    .looseObject({
      how: z.enum(["approved", "rejected", "lapsed"]),
      by: name,
      at: timestamp,
      reason: z.string().max(1024),
    })
    .optional()
    .describe("present when it waits no more; kept, so that the same alert proposes it no second time"),
});
export type Proposal = z.infer<typeof proposalSchema>;

/** Automatic revocation of a tenant stopped at its limit, until a person resumes it. */
export const haltSchema = z.looseObject({
  ...control,
  kind: z.literal("halt"),
  resumed_at: timestamp
    .optional()
    .describe("present when a person resumed; what was revoked before no longer counts"),
  resumed_by: name.optional(),
});
export type Halt = z.infer<typeof haltSchema>;

/** An entry of the controls topic: what is set at run time and holds until it ends or its key is deleted. Only the responder writes them. */
export const controlSchema = z.discriminatedUnion("kind", [
  muteSchema,
  exceptionSchema,
  proposalSchema,
  haltSchema,
]);
export type Control = z.infer<typeof controlSchema>;

/**
 * The entry that stands under `key` of the controls topic.
 * @throws TriplineError TRIPLINE_CONTROL_INVALID for what is none, or stands under another's key
 */
export function parseControl(key: string, value: Uint8Array): Control {
  let control: Control;
  try {
    control = controlSchema.parse(JSON.parse(new TextDecoder().decode(value)));
  } catch (cause) {
    throw new TriplineError("TRIPLINE_CONTROL_INVALID", "an entry of the controls topic is no control", {
      cause,
    });
  }
  if (controlKey(control) === key) return control;
  throw new TriplineError("TRIPLINE_CONTROL_INVALID", "a control stands under another's key");
}
