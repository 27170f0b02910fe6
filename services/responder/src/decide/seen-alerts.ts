import { z } from "zod";

// The detector writes an alert again when it crashed between writing and committing, so within seconds: far fewer lie between.
const REMEMBERED = 2000;

/** Which alerts of one partition were handled, so that an alert written twice is handled once. The oldest are forgotten first. */
export class SeenAlerts {
  readonly #keys = new Set<string>();

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  add(key: string): void {
    this.#keys.delete(key);
    this.#keys.add(key);
    if (this.#keys.size <= REMEMBERED) return;
    const [oldest] = this.#keys;
    if (oldest !== undefined) this.#keys.delete(oldest);
  }

  encode(): Uint8Array {
    return new TextEncoder().encode(JSON.stringify([...this.#keys]));
  }

  /** Takes over what `encode` gave. @throws ZodError when it did not */
  restore(bytes: Uint8Array): void {
    for (const key of z.array(z.string()).parse(JSON.parse(new TextDecoder().decode(bytes)))) this.add(key);
  }
}
