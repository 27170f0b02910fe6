/** Enough to keep a disk's queue and an object store's round trips busy; at 12 KB each, under 1 MB in memory. */
const WRITES_IN_FLIGHT = 64;

/** Runs writes side by side, a bounded number of them. The first failure is kept and thrown from then on. */
export class WriteQueue {
  readonly #running = new Set<Promise<void>>();
  #waiting: (() => void)[] = [];
  #failure: { error: unknown } | null = null;

  /** Resolves when the write has begun, which is when there is room for it. */
  async add(write: () => Promise<void>): Promise<void> {
    while (this.#running.size >= WRITES_IN_FLIGHT)
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    this.#check();
    const running = write()
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => {
        this.#running.delete(running);
        this.#waiting.shift()?.();
      });
    this.#running.add(running);
  }

  /** Resolves when all writes that were added before have ended well. */
  async settle(): Promise<void> {
    await Promise.all(this.#running);
    this.#check();
  }

  #check(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }
}
