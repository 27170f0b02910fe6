import type { CompletenessStore, Examined, LogSpan } from "@tripline/store";
import type { Held } from "./marks.ts";

const MAX_SPAN = 50_000; // offsets of one look: a bounded question, and many intervals of each boot where it is behind

/** How far one kind of examination has come in each partition; kept in the store. */
export class Progress {
  readonly #what: string;
  readonly #generation: string;
  readonly #store: CompletenessStore;
  readonly #at = new Map<number, Examined>();
  readonly #saved = new Map<number, number>();

  constructor(what: string, generation: string, store: CompletenessStore) {
    this.#what = what;
    this.#generation = generation;
    this.#store = store;
  }

  async load(): Promise<void> {
    for (const examined of await this.#store.examined(this.#what, this.#generation)) {
      this.#at.set(examined.partition, examined);
      this.#saved.set(examined.partition, examined.offset);
    }
  }

  /** The next stretch of what the log held; null when all was seen. Begins with the oldest that the log still has. */
  next(held: ReadonlyMap<number, Held>): LogSpan | null {
    for (const [partition, { earliest, next }] of held) {
      const at = this.#at.get(partition);
      const from = at?.offset ?? earliest;
      if (from >= next) continue;
      const to = Math.min(next, from + MAX_SPAN);
      return { generation: this.#generation, partition, from, to, since: at?.append_time ?? null };
    }
    return null;
  }

  /** @param newest append time of the newest record of the stretch; null when it holds none */
  done({ partition, to, since }: LogSpan, newest: string | null): void {
    this.#at.set(partition, { partition, offset: to, append_time: newest ?? since });
  }

  behind(held: ReadonlyMap<number, Held>): number {
    return [...held].reduce(
      (sum, [partition, { earliest, next }]) =>
        sum + Math.max(0, next - (this.#at.get(partition)?.offset ?? earliest)),
      0,
    );
  }

  /** @param earlier a place before for some partitions: what lies behind it has to be seen again after a restart */
  async save(earlier: ReadonlyMap<number, Examined> = new Map()): Promise<void> {
    const places = [...this.#at.values()]
      .map((at) => earlier.get(at.partition) ?? at)
      .filter(({ partition, offset }) => offset > (this.#saved.get(partition) ?? -1));
    await this.#store.saveExamined(this.#what, this.#generation, places);
    for (const { partition, offset } of places) this.#saved.set(partition, offset);
  }
}
