import { type LedgerStorage, parseCheckpoint, parseNote } from "@tripline/ledger";

export interface TimestampOptions {
  /** Of a time-stamping authority that speaks RFC 3161 over HTTP. */
  url: string;
  /** PEM: the certificates that its own has to come from. */
  trusted: string;
  everyMs: number;
  /** The root log's. */
  storage: LedgerStorage;
  /** ms since the epoch */
  now(): number;
  fetch?: typeof globalThis.fetch;
}

const RETRY_MS = 60_000; // an authority that did not answer is left alone for so long

/**
 * Has an authority say when a root checkpoint existed, now and then: for auditors who know these, and for the time in which no
 * witness answers. The checkpoint is kept beside its timestamp, as `timestamps/SIZE.note` and `.tsr`, for `openssl ts -verify` and others.
 */
export class Timestamps {
  readonly #options: TimestampOptions;
  #next = Number.NEGATIVE_INFINITY;

  constructor(options: TimestampOptions) {
    this.#options = options;
  }

  /** Asks for one when it is time. @throws LedgerError TRIPLINE_LEDGER_UNAVAILABLE, TRIPLINE_LEDGER_TIMESTAMP_INVALID, and of the storage */
  async take(note: Uint8Array): Promise<void> {
    const { url, trusted, everyMs, storage, now, fetch } = this.#options;
    if (now() < this.#next) return;
    this.#next = now() + Math.min(RETRY_MS, everyMs);
    const { requestTimestamp } = await import("@tripline/ledger/timestamp"); // takes long to load, and most installations ask nobody
    const { response } = await requestTimestamp(note, {
      url,
      trusted,
      ...(fetch === undefined ? {} : { fetch }),
    });
    const path = `timestamps/${parseCheckpoint(parseNote(note).text).size}`;
    // The note first: a timestamp of what nobody has says nothing.
    await storage.write(`${path}.note`, note);
    await storage.write(`${path}.tsr`, response);
    this.#next = now() + everyMs;
  }
}
