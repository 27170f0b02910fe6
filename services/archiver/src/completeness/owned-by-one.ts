/** Something that only the owner of a partition runs, however often that changes. */
export interface Owned {
  /** In words, what keeps it from working; null when nothing does. */
  readonly trouble: string | null;
  close(): Promise<void>;
}

/** Starts and ends what belongs to a partition's owner, one after the other. */
export class OwnedByOne {
  readonly #open: () => Owned[];
  #running: Owned[] = [];
  #turn: Promise<void> = Promise.resolve();

  constructor(open: () => Owned[]) {
    this.#open = open;
  }

  assigned(): void {
    this.#turn = this.#turn.then(async () => {
      if (this.#running.length === 0) this.#running = this.#open();
    });
  }

  /** Resolves when nothing of it runs any more. */
  async lost(): Promise<void> {
    this.#turn = this.#turn.then(async () => {
      await Promise.all(this.#running.map((each) => each.close()));
      this.#running = [];
    });
    await this.#turn;
  }

  get trouble(): string | null {
    return this.#running.map(({ trouble }) => trouble).find((trouble) => trouble !== null) ?? null;
  }
}
