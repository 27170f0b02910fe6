import {
  appliedSchema,
  decisionSchema,
  heartbeatSchema,
  OWN_PRODUCERS,
  producerSchema,
  tenantId,
  timestamp,
} from "@tripline/events";
import type { LogRecord } from "@tripline/stream";
import { z } from "zod";

/** The few records that are parsed: a heartbeat every ten seconds of each producer, what was applied, what was decided. */

const envelope = z.object({ tenant: tenantId, time: timestamp, producer: producerSchema });
const schema = z.object({
  envelope: z.discriminatedUnion("type", [
    envelope.extend({ type: z.literal("heartbeat"), heartbeat: heartbeatSchema }),
    envelope.extend({ type: z.literal("revocation.applied"), applied: appliedSchema }),
    envelope.extend({ type: z.literal("decision"), decision: decisionSchema }),
  ]),
});
export type WatchedRecord = z.infer<typeof schema>["envelope"];

export const WATCHED_TYPES: ReadonlySet<string> = new Set(["heartbeat", "revocation.applied", "decision"]);

/** The record; null for what is none (the archiver makes a dead letter of it) and for a decision that nobody of ours wrote. */
export function parseWatched(record: LogRecord): WatchedRecord | null {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(record.value ?? new Uint8Array(0)));
  } catch {
    return null;
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) return null;
  const watched = parsed.data.envelope;
  // Nobody can be enrolled under our names: a producer can't say that something was enforced.
  return watched.type === "decision" && !OWN_PRODUCERS.has(watched.producer.id) ? null : watched;
}
