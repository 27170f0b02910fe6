import { TOPICS } from "@tripline/events";
import {
  type ConsistencyProver,
  failuresInWords,
  type LedgerStorage,
  parseCheckpoint,
  parseNote,
  type TileReader,
  WITNESSED_PATH,
  type WitnessClient,
} from "@tripline/ledger";
import type { ServiceContext } from "@tripline/service";
import type { Log } from "@tripline/stream";
import type { Timestamps } from "./timestamps.ts";

const SAID_EVERY_MS = 60_000; // into the log output, when nothing else makes a line worth it
const WEBHOOK_TIMEOUT_MS = 5_000; // the next checkpoint comes in a second

export interface PublicationOptions {
  /** The root log's. */
  storage: LedgerStorage;
  /** Null: no policy names any. Asked for once. */
  witnesses(): Promise<WitnessClient | null>;
  log: Pick<Log, "produce">;
  /** Gets each checkpoint as the body of a POST; null: none. */
  webhook: string | null;
  /** Null: no authority is asked. */
  timestamps: Timestamps | null;
  context: ServiceContext;
  /** The key that the topic has the checkpoints under. */
  origin(): Promise<string>;
  fetch?: typeof globalThis.fetch;
}

/**
 * Has root checkpoints go out: to the witnesses, a topic, the log output, a webhook, an authority, so that copies exist elsewhere within
 * seconds. One at a time; what comes meanwhile is superseded by what comes last.
 */
export class Publication {
  readonly #options: PublicationOptions;
  readonly #stop = new AbortController();
  #next: { note: Uint8Array; reader: TileReader } | null = null;
  #running: Promise<void> | null = null;
  #troubles = new Map<string, string>();
  #saidAt = Number.NEGATIVE_INFINITY;
  #witnesses: WitnessClient | null | undefined;

  constructor(options: PublicationOptions) {
    this.#options = options;
  }

  /** What does not get through, in words; null when all does. */
  get trouble(): string | null {
    const troubles = [...this.#troubles.values()];
    return troubles.length === 0 ? null : troubles.join("; ");
  }

  publish(note: Uint8Array, reader: TileReader): void {
    this.#next = { note, reader };
    this.#running ??= this.#run();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#next !== null && !this.#stop.signal.aborted) {
      const { note, reader } = this.#next;
      this.#next = null;
      await this.#publishOne(note, reader);
    }
    this.#running = null;
  }

  async #publishOne(note: Uint8Array, reader: TileReader): Promise<void> {
    const cosigned = await this.#witnessed(note, (from) => reader.consistencyProof(from));
    await Promise.all([this.#toTopic(cosigned), this.#toWebhook(cosigned), this.#timestamped(cosigned)]);
    this.#say(cosigned);
  }

  /** The note with the cosignatures that came; kept as the witnessed one where they are enough. */
  async #witnessed(note: Uint8Array, prove: ConsistencyProver): Promise<Uint8Array> {
    let cosigned = note;
    await this.#attempt("the witnesses", async () => {
      if (this.#witnesses === undefined) this.#witnesses = await this.#options.witnesses();
      const witnesses = this.#witnesses;
      if (witnesses === null) return;
      const asked = await witnesses.cosign(note, prove);
      cosigned = asked.note;
      if (!asked.quorum)
        throw new Error(`not enough of them cosigned: ${failuresInWords(asked.outcomes).join("; ")}`);
      await this.#keepWitnessed(cosigned);
    });
    return cosigned;
  }

  /** A process that was frozen must not put an older one over what its successor has kept. */
  async #keepWitnessed(note: Uint8Array): Promise<void> {
    const { storage } = this.#options;
    const kept = await storage.read(WITNESSED_PATH);
    if (kept !== null && sizeOf(kept) >= sizeOf(note)) return;
    await storage.replace(WITNESSED_PATH, kept, note);
  }

  async #toTopic(note: Uint8Array): Promise<void> {
    await this.#attempt(`the topic ${TOPICS.checkpoints}`, async () => {
      await this.#options.log.produce(TOPICS.checkpoints, [
        { key: await this.#options.origin(), value: note },
      ]);
    });
  }

  async #timestamped(note: Uint8Array): Promise<void> {
    const { timestamps } = this.#options;
    if (timestamps !== null) await this.#attempt("the time-stamping authority", () => timestamps.take(note));
  }

  async #toWebhook(note: Uint8Array): Promise<void> {
    const { webhook, fetch = globalThis.fetch } = this.#options;
    if (webhook === null) return;
    await this.#attempt("the checkpoints' webhook", async () => {
      const response = await fetch(webhook, {
        method: "POST",
        headers: { "content-type": "text/plain; charset=utf-8" },
        body: Uint8Array.from(note),
        redirect: "error",
        signal: AbortSignal.any([this.#stop.signal, AbortSignal.timeout(WEBHOOK_TIMEOUT_MS)]),
      });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`it answered ${response.status}`);
    });
  }

  #say(note: Uint8Array): void {
    const { context } = this.#options;
    const now = context.now();
    if (now - this.#saidAt < SAID_EVERY_MS) return;
    this.#saidAt = now;
    context.logger.info(
      { checkpoint: parseNote(note).text, note: Buffer.from(note).toString("base64") },
      "checkpoint",
    );
  }

  /** What fails is said once, until it works again or fails otherwise; the next checkpoint is another attempt. */
  async #attempt(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      if (this.#troubles.delete(what)) this.#options.context.logger.info(`${what} can be reached again`);
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      const why = error instanceof Error ? error.message : "an unknown error";
      const trouble = `${what}: ${why}`;
      if (this.#troubles.get(what) !== trouble) this.#options.context.logger.warn({ err: error }, trouble);
      this.#troubles.set(what, trouble);
    }
  }
}

function sizeOf(note: Uint8Array): number {
  return parseCheckpoint(parseNote(note).text).size;
}
