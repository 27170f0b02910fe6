/** Does one piece of work after the other, in the order in which they were asked for; one that fails holds up no other. */
export class OneAtATime {
  #last: Promise<unknown> = Promise.resolve();

  /** Does `work` once all before it has ended. Resolves and rejects as it does. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined); // the caller has the rejection; the next one starts all the same
    return result;
  }

  /** Resolves when all that was asked for until now has ended, well or not. */
  async idle(): Promise<void> {
    await this.#last;
  }
}
