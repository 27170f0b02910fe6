import { hash } from "node:crypto";
import {
  cloudEventHeaders,
  type Envelope,
  encodeRecord,
  envelopeSchema,
  eventKey,
  IN_DOUBT_PRODUCER,
  uuidv7,
} from "@tripline/events";
import type { NewRecord } from "@tripline/stream";

/** How long an intent waits for its call, by its producer's two clock readings of one moment; null: it names no end. */
export function waitOf({ call, time }: Envelope): number | null {
  if (call?.deadline === undefined) return null;
  const wait = Date.parse(call.deadline) - Date.parse(call.started ?? time);
  return Number.isFinite(wait) ? Math.min(Math.max(0, wait), MAX_WAIT_MS) : null;
}

const MAX_WAIT_MS = 24 * 3600 * 1000; // a deadline behind that is a wrong clock

/**
 * The call record that closes an intent: everything in it, its id and number included, follows from the intent alone, so
 * that it is the same whenever and however often it is made. It goes where the intent's call would go.
 */
export function inDoubtRecord(intent: Envelope): NewRecord {
  const { actor, session, target, call, policy, tenant, producer } = intent;
  const time = call?.deadline ?? intent.time;
  const timeMs = Math.max(0, Date.parse(time) || 0);
  const derived = (what: string, ...names: readonly (string | number)[]) => {
    const digest = hash(
      "sha256",
      JSON.stringify([`tripline in doubt ${what} v1`, tenant, ...names]),
      "buffer",
    );
    return uuidv7(what === "boot" ? 0 : timeMs, digest);
  };
  const envelope = envelopeSchema.parse({
    v: 1,
    id: derived("record", intent.id, call?.id ?? ""),
    type: "call",
    time,
    tenant,
    producer: {
      id: IN_DOUBT_PRODUCER,
      boot: derived("boot", producer.id, producer.boot),
      seq: producer.seq,
    },
    actor,
    session,
    target,
    call: {
      id: call?.id,
      method: call?.method,
      started: call?.started,
      deadline: call?.deadline,
      outcome: "in_doubt",
      args_bytes: call?.args_bytes,
    },
    policy,
  });
  return {
    key: eventKey(intent),
    value: Buffer.from(encodeRecord({ envelope })),
    headers: cloudEventHeaders(envelope),
  };
}
