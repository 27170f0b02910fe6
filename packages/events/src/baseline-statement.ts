import { hash } from "node:crypto";
import { z } from "zod";
import { count, name } from "./fields.ts";
import { BASELINE_PRODUCER } from "./own-producers.ts";
import { payloadHash, type TriplineRecord } from "./record.ts";

const HOURS_A_WEEK = 168;
const MAX_BINS = 128; // of one sketch: pairs of bin and count, flat
const hour = z
  .number()
  .int()
  .min(0)
  .max(HOURS_A_WEEK - 1);

/** What a `statement` of the producer `tripline-baselines` says in its payload, under `baseline`. */
export const baselineStatementSchema = z.object({
  rule: name,
  since: z.number().describe("ms since the epoch: the first record that was looked at"),
  hours: z
    .array(z.tuple([hour, count, z.array(z.number().int()).max(MAX_BINS)]))
    .max(HOURS_A_WEEK)
    .describe("hour of the week (0: Monday 00:00), windows with a value of 0, bins and counts of the others"),
});
export type BaselineStatement = z.infer<typeof baselineStatementSchema>;

/** The group that a baseline is of: the fields that rules group by. */
export const baselineGroupSchema = z.object({
  actor: z.object({
    credential: name,
    principal: name.optional(),
    agent: name.optional(),
    client: name.optional(),
  }),
  session: z.object({ id: name.optional() }).optional(),
  target: z.object({ server: name.optional(), tool: name.optional() }).optional(),
});
export type BaselineGroup = z.infer<typeof baselineGroupSchema>;

/**
 * The record that states what has been usual of a group, as one rule measures it. It lies in the partition of the group's
 * credential, and the detector takes it up where it stands in the log, so that a replay does the same.
 * @param timeMs ms since the epoch: when it is stated
 */
export function baselineRecord(
  tenant: string,
  baseline: BaselineStatement,
  { actor, session, target }: BaselineGroup,
  timeMs: number,
): TriplineRecord {
  const digest = digestOf(JSON.stringify([tenant, baseline, actor, session, target, timeMs]));
  const payload = { salt: digest.slice(32), baseline };
  return {
    envelope: {
      v: 1,
      id: uuidFrom(digest),
      type: "statement",
      time: new Date(timeMs).toISOString(),
      tenant,
      producer: { id: BASELINE_PRODUCER, boot: uuidFrom(digestOf(digest)), seq: 0 },
      actor,
      ...(session === undefined ? {} : { session }),
      ...(target === undefined ? {} : { target }),
      payload_hash: payloadHash(JSON.stringify(payload)),
    },
    payload,
  };
}

function digestOf(text: string): string {
  return hash("sha256", text, "hex");
}

/** Of the form of a version 7, as all record ids. */
function uuidFrom(digest: string): string {
  return `${digest.slice(0, 8)}-${digest.slice(8, 12)}-7${digest.slice(13, 16)}-8${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
}
