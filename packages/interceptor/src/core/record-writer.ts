import { hash } from "node:crypto";
import {
  type Envelope,
  type Heartbeat,
  HeartbeatChain,
  MAX_RECORD_BYTES,
  type RecordIds,
} from "@tripline/events";
import type { DropReason, Spool } from "../spool/spool.ts";
import { isoTime } from "./iso-time.ts";

/** The parts of an envelope that differ from record to record. */
export type EnvelopeBody = Pick<
  Envelope,
  "type" | "actor" | "session" | "target" | "call" | "policy" | "usage" | "listing" | "heartbeat" | "applied"
>;

/** A payload's exact text and its hash, as `capturePayload` makes them. */
export interface PayloadText {
  text: string;
  hash: string;
}

/** A record by its id and number, and whether it was accepted in time. */
export interface Written {
  id: string;
  seq: number;
  accepted: boolean;
}

export interface RecordWriterOptions {
  boot: string;
  tenant: string;
  producer: { id: string; enforcement: "enforced" | "advisory" | undefined };
  spool: Spool;
  ids: RecordIds;
  startedMs: number;
}

/**
 * Gives each record its id and sequence number and hands it to the spool. A record that is dropped keeps its number:
 * the gap it leaves is the one that the next heartbeat announces.
 */
export class RecordWriter {
  readonly #options: RecordWriterOptions;
  readonly #chain: HeartbeatChain;
  readonly #dropped: Record<string, number> = {};
  #seq = 0;
  #records = 0;

  constructor(options: RecordWriterOptions) {
    this.#options = options;
    this.#chain = new HeartbeatChain(options.startedMs);
  }

  get records(): number {
    return this.#records;
  }

  /** All that was dropped since the start, by reason. */
  get dropped(): Readonly<Record<string, number>> {
    return this.#dropped;
  }

  countDropped(reason: DropReason | "refused", count = 1): void {
    this.#dropped[reason] = (this.#dropped[reason] ?? 0) + count;
    this.#chain.countDropped(reason, count);
  }

  /** Accepted at the end of this turn of the event loop. */
  write(timeMs: number, body: EnvelopeBody, payload?: PayloadText): void {
    const { line, settled } = this.#encode(timeMs, body, payload);
    this.#options.spool.append(line, settled);
  }

  /** Accepted before it returns, if it says `accepted`. */
  writeNow(timeMs: number, body: EnvelopeBody, payload?: PayloadText): Written {
    const { line, settled, id, seq } = this.#encode(timeMs, body, payload);
    return { id, seq, accepted: this.#options.spool.appendNow(line, settled) };
  }

  /** Ends the interval with a heartbeat; when that can't be written now, the interval goes on. */
  heartbeat(timeMs: number, goodbye: boolean, denyList?: Heartbeat["deny_list"]): void {
    const { spool } = this.#options;
    spool.flush();
    if (spool.busy) return;
    const seq = this.#seq;
    const heartbeat = { ...this.#chain.next(timeMs, seq, goodbye), deny_list: denyList };
    const envelope = this.#envelope(timeMs, { type: "heartbeat", heartbeat }, undefined);
    const text = JSON.stringify(envelope);
    // Taken at once: on a slow disk the heartbeat is written later, and records that come meanwhile have the next numbers.
    this.#seq += 1;
    spool.appendNow(
      `{"envelope":${text}}\n`,
      (reason) => {
        if (reason === null) {
          this.#chain.accepted(heartbeat, digest(text));
          this.#records += 1;
        } else if (this.#seq === seq + 1) this.#seq = seq;
        else this.countDropped(reason);
      },
      true,
    );
  }

  #encode(
    timeMs: number,
    body: EnvelopeBody,
    payload: PayloadText | undefined,
  ): { line: string; settled: (reason: DropReason | null) => void; id: string; seq: number } {
    const envelope = this.#envelope(timeMs, body, payload?.hash);
    const text = JSON.stringify(envelope);
    this.#seq += 1;
    const line =
      payload === undefined ? `{"envelope":${text}}\n` : `{"envelope":${text},"payload":${payload.text}}\n`;
    if (line.length > MAX_RECORD_BYTES) throw new RangeError("a record is larger than any receiver takes");
    return {
      line,
      id: envelope.id,
      seq: envelope.producer.seq,
      settled: (reason) => {
        if (reason === null) {
          this.#chain.add(digest(text));
          this.#records += 1;
        } else this.countDropped(reason);
      },
    };
  }

  /** The key order is the schema's: it is the order of the bytes. */
  #envelope(timeMs: number, body: EnvelopeBody, payloadHash: string | undefined): Envelope {
    const { tenant, producer, boot, ids } = this.#options;
    return {
      v: 1,
      id: ids.uuid(timeMs),
      type: body.type,
      time: isoTime(timeMs),
      tenant,
      producer: { id: producer.id, boot, seq: this.#seq, enforcement: producer.enforcement },
      actor: body.actor,
      session: body.session,
      target: body.target,
      call: body.call,
      policy: body.policy,
      usage: body.usage,
      listing: body.listing,
      heartbeat: body.heartbeat,
      applied: body.applied,
      payload_hash: payloadHash,
    };
  }
}

function digest(envelopeText: string): string {
  return hash("sha256", envelopeText, "hex");
}
