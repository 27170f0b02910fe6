import { envelopeSchema, type WhatWasDone } from "@tripline/events";
import { z } from "zod";

/** A call that had begun and not ended, as `done.in_flight` has it. */
export type InFlightCall = NonNullable<WhatWasDone["in_flight"]>[number];

/** What a revocation is about. */
export interface Target {
  tenant: string;
  scope: string;
  subject: string;
}

const MAX_CALLS = 10_000; // of one partition, 1 KB each: more is a producer that never ends its calls; the oldest go first
const MAX_KEPT = 1000; // in the state: 1 MB, encoded in one go
const MAX_LISTED = 50; // what `done.in_flight` holds
const MAX_EXAMINED = 500; // parsing one takes some 10 µs, and a decision may wait
const MAX_AGE_MS = 3600 * 1000; // an intent whose call never came is in doubt long before: see the archiver

/** One intent: whose it is by the record's key, and its envelope, which is only parsed when somebody asks. */
interface Begun {
  key: string;
  envelope: Buffer;
  appendedAt: number;
}

const begunSchema = z.object({
  id: envelopeSchema.shape.id,
  tenant: envelopeSchema.shape.tenant,
  time: envelopeSchema.shape.time,
  actor: envelopeSchema.shape.actor,
  session: envelopeSchema.shape.session,
  target: envelopeSchema.shape.target,
  call: envelopeSchema.shape.call.unwrap(),
});

/** Calls of one partition that were announced by an intent and have not ended. Bounded; calls without an intent are not known. */
export class InFlightCalls {
  readonly #calls = new Map<string, Begun>();

  get size(): number {
    return this.#calls.size;
  }

  begun(callId: string, call: Begun): void {
    this.#calls.set(callId, call);
    if (this.#calls.size <= MAX_CALLS) return;
    const [oldest] = this.#calls.keys();
    if (oldest !== undefined) this.#calls.delete(oldest);
  }

  ended(callId: string): void {
    this.#calls.delete(callId);
  }

  /** Those that the revocation is about, oldest first, at most 50. @param now ms since the epoch */
  of(target: Target, now: number): InFlightCall[] {
    const found: InFlightCall[] = [];
    let examined = 0;
    const ofCredential = target.scope === "credential" ? `${target.tenant}/${target.subject}` : undefined;
    for (const { key, envelope, appendedAt } of this.#calls.values()) {
      if (found.length >= MAX_LISTED) break;
      if (now - appendedAt > MAX_AGE_MS) continue;
      if (ofCredential === undefined ? !key.startsWith(`${target.tenant}/`) : key !== ofCredential) continue;
      examined += 1;
      if (examined > MAX_EXAMINED) break;
      const call = callOf(envelope, target);
      if (call !== null) found.push(call);
    }
    return found;
  }

  /** For the state: call id, key, time, envelope of the latest. */
  entries(): [string, string, number, string][] {
    return [...this.#calls]
      .slice(-MAX_KEPT)
      .map(([id, { key, appendedAt, envelope }]) => [id, key, appendedAt, envelope.toString("utf8")]);
  }

  restore(entries: readonly (readonly [string, string, number, string])[]): void {
    for (const [id, key, appendedAt, envelope] of entries) {
      this.begun(id, { key, appendedAt, envelope: Buffer.from(envelope) });
    }
  }
}

function callOf(envelope: Buffer, target: Target): InFlightCall | null {
  const parsed = begunSchema.safeParse(jsonOf(envelope));
  if (!parsed.success || parsed.data.tenant !== target.tenant) return null;
  const intent = parsed.data;
  if (!concerns(intent, target)) return null;
  return {
    record_id: intent.id,
    ...(intent.target?.server === undefined ? {} : { server: intent.target.server }),
    ...(intent.target?.tool === undefined ? {} : { tool: intent.target.tool }),
    started: intent.call.started ?? intent.time,
  };
}

function concerns(intent: z.infer<typeof begunSchema>, { scope, subject }: Target): boolean {
  const { actor, session, target } = intent;
  switch (scope) {
    case "credential":
      return actor?.credential === subject;
    case "session":
      return session?.id === subject;
    case "agent":
      return actor?.agent === subject;
    case "principal":
      return actor?.principal === subject;
    case "server":
      return target?.server === subject;
    case "tool":
      return `${target?.server}/${target?.tool}` === subject;
    default:
      return false;
  }
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined; // no record, or not one of ours: it is no call that could be listed
  }
}
