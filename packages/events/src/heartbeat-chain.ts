import { createHash, type Hash } from "node:crypto";
import type { Envelope } from "./envelope.ts";

export type Heartbeat = NonNullable<Envelope["heartbeat"]>;

/**
 * What one boot of a producer wrote for one tenant since its last heartbeat, hashed as it is written. Each interval
 * begins with the heartbeat before it, so that every envelope of a boot, heartbeats included, is in exactly one hash;
 * only the last one's is in none.
 */
export class HeartbeatChain {
  #hash: Hash = createHash("sha256");
  #fromMs: number;
  #fromSeq = 0;
  #previous: string | null = null;
  #dropped: Record<string, number> = {};

  constructor(startedMs: number) {
    this.#fromMs = startedMs;
  }

  /** @param envelopeDigest SHA-256 (hex) of a durable envelope's bytes without `received`, in seq order */
  add(envelopeDigest: string): void {
    this.#hash.update(envelopeDigest, "hex");
  }

  countDropped(reason: string, records: number): void {
    this.#dropped[reason] = (this.#dropped[reason] ?? 0) + records;
  }

  /** The heartbeat that would end the interval now. Nothing changes until it is `accepted`. */
  next(toMs: number, seq: number, goodbye: boolean): Heartbeat {
    return {
      from: new Date(this.#fromMs).toISOString(),
      to: new Date(toMs).toISOString(),
      from_seq: this.#fromSeq,
      to_seq: seq,
      dropped: this.#dropped,
      hash: this.#hash.copy().digest("hex"),
      previous: this.#previous,
      goodbye,
    };
  }

  /** The heartbeat is durable: the next interval begins with it, and its envelope is the first to `add`. */
  accepted(heartbeat: Heartbeat, envelopeDigest: string): void {
    this.#fromMs = Date.parse(heartbeat.to);
    this.#fromSeq = heartbeat.to_seq;
    this.#previous = heartbeat.hash;
    this.#dropped = {};
    this.#hash = createHash("sha256").update(envelopeDigest, "hex");
  }
}
