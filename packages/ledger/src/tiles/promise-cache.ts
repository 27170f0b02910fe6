/** Keeps the answers used last. A failed one is not kept, so that the next call asks again. */
export class PromiseCache<T> {
  readonly #kept = new Map<string, Promise<T>>();
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(key: string, load: () => Promise<T>): Promise<T> {
    const known = this.#kept.get(key);
    const answer = known ?? load();
    this.#kept.delete(key);
    this.#kept.set(key, answer); // a map keeps the order of insertion: the first is the one used longest ago
    if (known === undefined) {
      answer.catch(() => {
        if (this.#kept.get(key) === answer) this.#kept.delete(key);
      });
      for (const oldest of this.#kept.keys()) {
        if (this.#kept.size <= this.#capacity) break;
        this.#kept.delete(oldest);
      }
    }
    return answer;
  }
}
