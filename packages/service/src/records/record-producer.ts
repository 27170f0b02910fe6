import { randomFillSync } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import {
  type Envelope,
  HeartbeatChain,
  isRetriable,
  type Payload,
  RecordIds,
  TOPICS,
  TriplineError,
} from "@tripline/events";
import type { ServiceContext } from "../context.ts";
import type { Part } from "../part.ts";
import { encodeOwnRecord, type OwnRecord, type RecordBody } from "./own-record.ts";

const HEARTBEAT_MS = 10_000; // as every producer: how soon a silence can be named
const MAX_PENDING = 10_000; // records that wait for the log; a few MB
const MAX_BATCH = 500;
const WRITE_TIMEOUT_MS = 5_000; // what a person waits for an answer whose record can't be kept
const RETRY_MIN_MS = 50;
const RETRY_MAX_MS = 2_000;
const CLOSE_TIMEOUT_MS = 5_000;

/** As much of a log as is needed here. */
export interface RecordLog {
  produce(
    topic: string,
    records: readonly { key: string; value: Uint8Array; headers: Record<string, string> }[],
  ): Promise<unknown>;
}

export interface RecordProducer {
  /**
   * Writes a record; resolves with its envelope when it is durable.
   * Rejects with TRIPLINE_RECORDS_PENDING (retriable) when that takes more than 5 s: it is then still written as soon as
   * the log is back. With TRIPLINE_RECORDS_FULL it was not taken.
   */
  write(body: RecordBody, payload?: Payload): Promise<Envelope>;
  /** Start after the log, stop before it: `stop` writes what waits, and the goodbye. */
  part: Part;
}

export interface RecordProducerOptions {
  log: RecordLog;
  /** the producer's id in the records, e.g. `console` */
  producerId: string;
  context: ServiceContext;
  writeTimeoutMs?: number;
  heartbeatMs?: number;
  maxPending?: number;
}

/** What is numbered and chained together: one tenant's records of this boot. */
interface Numbered {
  seq: number;
  chain: HeartbeatChain;
}

interface Pending {
  body: RecordBody;
  payload: Payload | undefined;
  time: number;
  goodbye?: boolean;
  settle: (error: unknown, envelope?: Envelope) => void;
}

interface Encoded extends OwnRecord {
  pending: Pending;
}

/** Lets a service write its own records to the events topic, numbered for each tenant, with heartbeats. */
export function createRecordProducer(options: RecordProducerOptions): RecordProducer {
  return new Writer(options);
}

class Writer implements RecordProducer {
  readonly part: Part;
  readonly #options: RecordProducerOptions;
  readonly #boot: string;
  readonly #ids = new RecordIds(randomFillSync);
  readonly #tenants = new Map<string, Numbered>();
  readonly #queue: Pending[] = [];
  readonly #stopped = new AbortController();
  #sending: Promise<void> | null = null;
  #closing = false;
  #trouble: string | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RecordProducerOptions) {
    this.#options = options;
    this.#boot = this.#ids.uuid(options.context.now());
    let state: "starting" | "ready" | "stopped" = "starting";
    this.part = {
      name: `${options.producerId}-records`,
      start: async () => {
        this.#timer = setInterval(() => this.#heartbeats(false), options.heartbeatMs ?? HEARTBEAT_MS);
        state = "ready";
      },
      stop: async () => {
        await this.#close();
        state = "stopped";
      },
      health: () =>
        state === "ready" && this.#trouble !== null
          ? { state: "degraded", detail: this.#trouble }
          : { state },
    };
  }

  write(body: RecordBody, payload?: Payload): Promise<Envelope> {
    if (this.#closing) {
      return Promise.reject(new TriplineError("TRIPLINE_RECORDS_CLOSED", "this service is stopping"));
    }
    if (this.#queue.length >= (this.#options.maxPending ?? MAX_PENDING)) {
      return Promise.reject(
        new TriplineError(
          "TRIPLINE_RECORDS_FULL",
          "too many records wait for the log: try again when it is back",
          {
            kind: "retriable",
          },
        ),
      );
    }
    const { promise, resolve, reject } = Promise.withResolvers<Envelope>();
    const timer = setTimeout(() => {
      reject(
        new TriplineError("TRIPLINE_RECORDS_PENDING", "the log does not take records now: try again later", {
          kind: "retriable",
        }),
      );
    }, this.#options.writeTimeoutMs ?? WRITE_TIMEOUT_MS);
    this.#enqueue(body, payload, (error, envelope) => {
      clearTimeout(timer);
      if (envelope === undefined) reject(error);
      else resolve(envelope);
    });
    return promise;
  }

  #enqueue(
    body: RecordBody,
    payload: Payload | undefined,
    settle: Pending["settle"],
    goodbye?: boolean,
  ): void {
    const pending: Pending = { body, payload, time: this.#options.context.now(), settle };
    this.#queue.push(goodbye === undefined ? pending : { ...pending, goodbye });
    // Started in a microtask, so that what one turn of the event loop writes is one append.
    this.#sending ??= Promise.resolve().then(() => this.#sendAll());
  }

  /** One append at a time, in order. A number is only given to what is sent, so nothing refused here leaves a gap. */
  async #sendAll(): Promise<void> {
    while (this.#queue.length > 0) {
      const encoded: Encoded[] = [];
      for (const pending of this.#nextBatch()) {
        try {
          encoded.push(this.#encode(pending));
        } catch (cause) {
          pending.settle(
            new TriplineError("TRIPLINE_RECORD_INVALID", "a service made a record that is none", { cause }),
          );
        }
      }
      const error = await this.#append(encoded.map(({ record }) => record));
      for (const entry of encoded) this.#settle(entry, error);
    }
    // In the same turn as the last look at the queue: what is written from now on starts anew.
    this.#sending = null;
  }

  /** A heartbeat goes alone: its hash is over what is durable. */
  #nextBatch(): Pending[] {
    const heartbeat = this.#queue.findIndex(({ goodbye }) => goodbye !== undefined);
    const most = heartbeat < 0 ? MAX_BATCH : Math.min(MAX_BATCH, Math.max(1, heartbeat));
    return this.#queue.splice(0, most);
  }

  #settle({ pending, envelope, digest }: Encoded, error: unknown): void {
    const { chain } = this.#tenant(envelope.tenant);
    if (error !== null) {
      chain.countDropped("log_refused", 1);
      pending.settle(error);
      return;
    }
    if (envelope.heartbeat === undefined) chain.add(digest);
    else chain.accepted(envelope.heartbeat, digest);
    pending.settle(null, envelope);
  }

  /** Retries what may be retried, the same bytes each time; null when it is durable. */
  async #append(records: Encoded["record"][]): Promise<unknown> {
    if (records.length === 0) return null;
    for (let wait = RETRY_MIN_MS; ; wait = Math.min(wait * 2, RETRY_MAX_MS)) {
      try {
        await this.#options.log.produce(TOPICS.events, records);
        this.#trouble = null;
        return null;
      } catch (error) {
        if (!isRetriable(error) || this.#stopped.signal.aborted) {
          this.#options.context.logger.error({ err: error, records: records.length }, "records were lost");
          return error;
        }
        if (this.#trouble === null)
          this.#options.context.logger.warn({ err: error }, "records wait for the log");
        this.#trouble = `${this.#queue.length + records.length} records wait for the log`;
        await delay(wait, undefined, { signal: this.#stopped.signal }).catch(() => undefined);
      }
    }
  }

  #encode(pending: Pending): Encoded {
    const { body, payload, time, goodbye } = pending;
    const tenant = this.#tenant(body.tenant);
    const heartbeat = goodbye === undefined ? undefined : tenant.chain.next(time, tenant.seq, goodbye);
    const encoded = encodeOwnRecord(heartbeat === undefined ? body : { ...body, heartbeat }, payload, {
      id: this.#ids.uuid(time),
      producer: { id: this.#options.producerId, boot: this.#boot, seq: tenant.seq },
      timeMs: time,
      receivedMs: this.#options.context.now(),
    });
    tenant.seq += 1;
    return { ...encoded, pending };
  }

  #tenant(tenant: string): Numbered {
    const known = this.#tenants.get(tenant);
    if (known !== undefined) return known;
    const made = { seq: 0, chain: new HeartbeatChain(this.#options.context.now()) };
    this.#tenants.set(tenant, made);
    return made;
  }

  #heartbeats(goodbye: boolean): void {
    // While the log is away they would only pile up; the interval just gets longer.
    if (this.#trouble !== null && !goodbye) return;
    for (const tenant of this.#tenants.keys()) {
      this.#enqueue({ type: "heartbeat", tenant }, undefined, () => undefined, goodbye);
    }
  }

  async #close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    clearInterval(this.#timer);
    const giveUp = setTimeout(() => this.#stopped.abort(), CLOSE_TIMEOUT_MS);
    await this.#sending;
    this.#heartbeats(true);
    await this.#sending;
    clearTimeout(giveUp);
  }
}
