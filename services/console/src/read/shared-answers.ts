const LEAST_AGE_MS = 2_000; // several open pages ask within this time; half of what one page waits between two looks
const REST_FACTOR = 4; // a load that took 1 s is used for 4 s more: such questions cost the store a fifth of its time at most

/**
 * Answers that many ask for over and over and that cost the store something: one load at a time for each key, kept the
 * longer the longer it took. Holds one answer for each key asked for lately.
 */
export class SharedAnswers<T> {
  readonly #now: () => number;
  readonly #answers = new Map<string, { answer: Promise<T>; until: number }>();

  /** @param now ms since the epoch */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The kept answer, the one being loaded, or a new one. A load that fails is not kept. */
  get(key: string, load: () => Promise<T>): Promise<T> {
    const began = this.#now();
    for (const [other, { until }] of this.#answers) if (until <= began) this.#answers.delete(other);
    const known = this.#answers.get(key);
    if (known !== undefined) return known.answer;
    const entry = { answer: load(), until: Number.POSITIVE_INFINITY };
    this.#answers.set(key, entry);
    entry.answer.then(
      () => {
        const took = this.#now() - began;
        entry.until = this.#now() + Math.max(LEAST_AGE_MS, took * REST_FACTOR);
      },
      () => this.#answers.delete(key),
    );
    return entry.answer;
  }
}
