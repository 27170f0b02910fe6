/** Keeps the order of what is done when something has to wait: whatever comes meanwhile is done behind it. */
export class InOrder {
  #last: Promise<void> | null = null;

  /** Nothing waits: what comes may be done at once. */
  get isIdle(): boolean {
    return this.#last === null;
  }

  /** Does `action` once `ready` has resolved and all before it is done. Rejects with what either raises. */
  add<T>(ready: T | Promise<T>, action: (value: T) => void | Promise<void>): Promise<void> {
    const before = this.#last;
    const done = (async () => {
      const value = await ready;
      await before;
      await action(value);
    })();
    const settled = done
      .catch(() => undefined) // the caller has the error; the next in line must not inherit it
      .then(() => {
        if (this.#last === settled) this.#last = null;
      });
    this.#last = settled;
    return done;
  }
}
