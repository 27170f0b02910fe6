import {
  CHECKPOINT_PATH,
  partialTiles,
  type ResourceReader,
  TILE_WIDTH,
  TileDamage,
  TileReader,
  type TreeHead,
} from "../tiles/index.ts";

const ATTEMPTS = 5; // a log that grows takes away the partial tiles of its earlier sizes; each needs a new checkpoint, one a second

/** One state of a log that may go on growing meanwhile. Everything it answers is what its head commits to. */
export class LogView<Head extends TreeHead = TreeHead> {
  readonly head: Head;
  readonly reader: TileReader;
  readonly #lastEntries: readonly Uint8Array[];

  private constructor(head: Head, reader: TileReader, lastEntries: readonly Uint8Array[]) {
    this.head = head;
    this.reader = reader;
    this.#lastEntries = lastEntries;
  }

  /**
   * @param open makes a head of the checkpoint's bytes, and throws where it is not to be believed
   * @throws TileDamage where there is no checkpoint or its edge can't be read
   */
  static async open<Head extends TreeHead>(
    storage: ResourceReader,
    open: (note: Uint8Array) => Head,
  ): Promise<LogView<Head>> {
    for (let attempt = 1; ; attempt += 1) {
      const note = await storage.read(CHECKPOINT_PATH);
      if (note === null) throw new TileDamage("missing", [CHECKPOINT_PATH], "there is no log here");
      try {
        return await LogView.at(storage, open(note));
      } catch (error) {
        if (!(error instanceof TileDamage) || attempt === ATTEMPTS) throw error;
        if (sameText(await storage.read(CHECKPOINT_PATH), note)) throw error; // it has not grown: this is damage
      }
    }
  }

  /** The view at a head that is known already. @throws TileDamage */
  static async at<Head extends TreeHead>(storage: ResourceReader, head: Head): Promise<LogView<Head>> {
    const reader = new TileReader(storage, head);
    const [edge] = partialTiles(head.size);
    if (edge !== undefined) await reader.tile(edge.level, edge.index);
    const isOpen = head.size % TILE_WIDTH > 0;
    return new LogView(head, reader, isOpen ? await reader.entries(Math.floor(head.size / TILE_WIDTH)) : []);
  }

  /** As `TileReader.entries`; those of the edge are kept from when it was opened. */
  async entries(bundle: number): Promise<readonly Uint8Array[]> {
    if (this.#lastEntries.length > 0 && bundle === Math.floor(this.head.size / TILE_WIDTH))
      return this.#lastEntries;
    return this.reader.entries(bundle);
  }

  async entry(index: number): Promise<Uint8Array> {
    const entries = await this.entries(Math.floor(index / TILE_WIDTH));
    const entry = entries[index % TILE_WIDTH];
    if (entry === undefined)
      throw new RangeError(`the log has ${this.head.size} leaves, and no leaf ${index}`);
    return entry;
  }
}

function sameText(a: Uint8Array | null, b: Uint8Array): boolean {
  return a !== null && a.length === b.length && a.every((byte, at) => byte === b[at]);
}
