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

  /** @param digest SHA-256 of the envelope's bytes without `received`, in seq order */
  add(digest: Uint8Array): void {
    this.#hash.update(digest);
  }

  drop(reason: string, records: number): void {
    this.#dropped[reason] = (this.#dropped[reason] ?? 0) + records;
  }

  /** Ends the interval: the next one begins with this heartbeat, whose own digest comes first in it. */
  end(toMs: number, seq: number, goodbye: boolean): Heartbeat {
    const heartbeat: Heartbeat = {
      from: new Date(this.#from).toISOString(),
      to: new Date(toMs).toISOString(),
      from_seq: this.#fromSeq,
      to_seq: seq,
      dropped: this.#dropped,
      hash: this.#hash.digest("hex"),
      previous: this.#previous,
      goodbye,
    };
    this.#from = toMs;
    this.#fromSeq = seq;
    this.#previous = heartbeat.hash;
    this.#dropped = {};
    this.#hash = createHash("sha256");
    return heartbeat;
  }
}
