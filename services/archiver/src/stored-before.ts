import type { StoreWriter } from "@tripline/store";
import type { SinkRange } from "@tripline/stream";

/**
 * How far the store has rows of a partition, asked once for each time it is owned. An archiver that is set back to an old
 * position, by hand or by a restored broker, comes by positions that are stored: with other rows for them, where something
 * was erased meanwhile, and with other ends of ranges. No token recognises these; what is stored is counted instead.
 */
export class StoredBefore {
  readonly #writer: StoreWriter;
  #to: number | null = null;

  constructor(writer: StoreWriter) {
    this.#writer = writer;
  }

  /** The range in one or two parts: what may be stored already, `again`, and what is behind that. */
  async partsOf(range: SinkRange): Promise<SinkRange[]> {
    const { generation, partition, first, last } = range;
    this.#to ??= (await this.#writer.maxOffsets(generation)).get(partition) ?? -1;
    const to = this.#to;
    if (first > to) return [range];
    if (last <= to) return [{ ...range, again: true }];
    return [
      { ...range, last: to, again: true },
      { ...range, first: to + 1 },
    ];
  }
}
