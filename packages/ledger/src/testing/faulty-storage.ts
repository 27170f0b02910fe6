import type { LedgerStorage, WriteOptions } from "../storage/index.ts";

/** What a process sees that was killed. */
export class Killed extends Error {}

/**
 * One process's view of a storage. It dies at a chosen change (write, replace, remove): before the change is made, or after it
 * was made and before it is told. Then nothing can be done through it any more.
 */
export class FaultyStorage implements LedgerStorage {
  readonly #inner: LedgerStorage;
  #changesLeft = Number.POSITIVE_INFINITY;
  #before = true;
  #dead = false;
  /** Changes so far. */
  changes = 0;

  constructor(inner: LedgerStorage) {
    this.#inner = inner;
  }

  /** Dies at the n-th change from now, 0 being the next. */
  dieAt(change: number, before: boolean): void {
    this.#changesLeft = change;
    this.#before = before;
  }

  async read(path: string): Promise<Uint8Array | null> {
    this.#live();
    return this.#inner.read(path);
  }

  write(path: string, bytes: Uint8Array, options?: WriteOptions): Promise<void> {
    return this.#change(() => this.#inner.write(path, bytes, options));
  }

  replace(path: string, expected: Uint8Array | null, next: Uint8Array): Promise<boolean> {
    return this.#change(() => this.#inner.replace(path, expected, next));
  }

  async list(prefix: string): Promise<string[]> {
    this.#live();
    return this.#inner.list(prefix);
  }

  remove(path: string): Promise<void> {
    return this.#change(() => this.#inner.remove(path));
  }

  async #change<T>(make: () => Promise<T>): Promise<T> {
    this.#live();
    this.changes++;
    const last = this.#changesLeft-- <= 0;
    if (last && this.#before) this.#die();
    const result = await make();
    if (last) this.#die();
    this.#live();
    return result;
  }

  #live(): void {
    if (this.#dead) throw new Killed("this process was killed");
  }

  #die(): never {
    this.#dead = true;
    throw new Killed("this process was killed");
  }
}
