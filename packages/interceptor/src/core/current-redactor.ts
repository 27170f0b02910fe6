import { createRedactor, type RedactionKey, type Redactor } from "@tripline/events";

/** The tenant's redaction keys as they are now, the current one first. Never empty; a new array when they change. */
export type RedactionKeySource = () => readonly RedactionKey[];

/** A redactor for the current key, made anew when the keys rotate. */
export class CurrentRedactor {
  readonly #source: RedactionKeySource;
  #keys: readonly RedactionKey[];
  #redactor: Redactor;

  /** @throws RangeError when there is no key */
  constructor(source: RedactionKeySource) {
    this.#source = source;
    this.#keys = source();
    this.#redactor = redactorFor(this.#keys);
  }

  /** The keys that go with `redactor()`; the same array until they change. */
  keys(): readonly RedactionKey[] {
    const keys = this.#source();
    if (keys !== this.#keys) {
      this.#redactor = redactorFor(keys);
      this.#keys = keys;
    }
    return this.#keys;
  }

  redactor(): Redactor {
    this.keys();
    return this.#redactor;
  }
}

function redactorFor([current]: readonly RedactionKey[]): Redactor {
  if (current === undefined) throw new RangeError("at least one redaction key is needed");
  return createRedactor(current);
}
