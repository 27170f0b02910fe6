import type { ResourceReader } from "@tripline/ledger";
import { reason } from "../api/client.ts";
import { CommandFailed, EXIT } from "../exit.ts";

const TIMEOUT_MS = 30_000;
const ATTEMPTS = 3; // of what a server refuses for now; each at once, as a verification asks for one file after the other

/** A log's files where a web server or a bucket serves them. */
export class HttpFiles implements ResourceReader {
  readonly #base: string;
  readonly #signal: AbortSignal;

  constructor(base: string, signal: AbortSignal) {
    this.#base = base;
    this.#signal = signal;
  }

  async read(path: string): Promise<Uint8Array | null> {
    for (let attempt = 1; ; attempt += 1) {
      const response = await this.#fetch(path);
      if (response.status === 404 || response.status === 410) return null;
      if (response.ok) return new Uint8Array(await response.arrayBuffer());
      await response.body?.cancel();
      if (response.status < 500 || attempt === ATTEMPTS)
        throw new CommandFailed(EXIT.failure, `${this.#base}/${path} was not given: HTTP ${response.status}`);
    }
  }

  async #fetch(path: string): Promise<Response> {
    try {
      const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(TIMEOUT_MS)]);
      return await fetch(`${this.#base}/${path}`, { signal });
    } catch (cause) {
      if (this.#signal.aborted) throw new CommandFailed(EXIT.failure, "interrupted", cause);
      throw new CommandFailed(EXIT.failure, `${this.#base} does not answer: ${reason(cause)}`, cause);
    }
  }
}
