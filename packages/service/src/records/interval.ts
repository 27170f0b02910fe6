import { createHash, type Hash } from "node:crypto";
import type { Envelope } from "@tripline/events";

export type Heartbeat = NonNullable<Envelope["heartbeat"]>;

/**
 * What one boot of a producer wrote for one tenant since its last heartbeat. An interval begins with the heartbeat
 * before it, so every envelope but the last heartbeat's is in exactly one hash.
 */
export class Interval {
  #hash: Hash = createHash("sha256");
  #from: number;
  #fromSeq = 0;
  #previous: string | null = null;
  #dropped: Record<string, number> = {};

  constructor(startedMs: number) {
    this.#from = startedMs;
  }

  /** @param digest SHA-256 of a durable envelope's bytes without `received`, in seq order */
  add(digest: Uint8Array): void {
    this.#hash.update(digest);
  }

  drop(reason: string, records: number): void {
    this.#dropped[reason] = (this.#dropped[reason] ?? 0) + records;
  }

  /** The heartbeat that would end the interval now. Nothing changes until it is `accepted`. */
  next(toMs: number, seq: number, goodbye: boolean): Heartbeat {
    return {
      from: new Date(this.#from).toISOString(),
      to: new Date(toMs).toISOString(),
      from_seq: this.#fromSeq,
      to_seq: seq,
      dropped: this.#dropped,
      hash: this.#hash.copy().digest("hex"),
      previous: this.#previous,
      goodbye,
    };
  }

  /** The heartbeat is durable: the next interval begins with it. */
  accepted(heartbeat: Heartbeat): void {
    this.#from = Date.parse(heartbeat.to);
    this.#fromSeq = heartbeat.to_seq;
    this.#previous = heartbeat.hash;
    this.#dropped = {};
    this.#hash = createHash("sha256");
  }
}
