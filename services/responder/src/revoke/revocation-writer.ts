import { type Revocation, revocationKey, type SignedRevocation, TOPICS } from "@tripline/events";
import { type SigningKey, signRevocation } from "@tripline/response";
import type { Log } from "@tripline/stream";
import type { RevocationView } from "./revocation-view.ts";

/** The only place that writes to the revocations topic. */
export class RevocationWriter {
  readonly #log: Log;
  readonly #key: SigningKey;
  readonly #view: RevocationView;

  constructor(options: { log: Log; key: SigningKey; view: RevocationView }) {
    this.#log = options.log;
    this.#key = options.key;
    this.#view = options.view;
  }

  /**
   * Signs the entry and resolves when it is durable and in the view. Rejects with a retriable error when the log can't take it
   * now; it may have been written all the same, and writing it again does no harm.
   */
  async write(entry: Revocation): Promise<SignedRevocation> {
    const signed = signRevocation(entry, this.#key);
    const value = new TextEncoder().encode(JSON.stringify(signed));
    const headers = { "content-type": "application/json" };
    const [position] = await this.#log.produce(TOPICS.revocations, [
      { key: revocationKey(entry), value, headers },
    ]);
    if (position === undefined) throw new Error("the log answered without the position of the revocation");
    this.#view.apply(entry, position.offset);
    return signed;
  }
}
