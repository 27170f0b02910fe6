import { TILE_HEIGHT, TILE_WIDTH, type TileReader } from "../tiles/index.ts";
import { HASH_BYTES, nodeHash, rootOfPeaks } from "../tree/index.ts";

/** The root of a perfect subtree of 2^height leaves. */
interface Peak {
  height: number;
  hash: Uint8Array;
}

/**
 * Roots of one tree at one size after the other, for whoever has thousands to compare: some ten hashes each where the sizes ascend,
 * where `TileReader.rootAt` takes some hundred.
 */
export class GrowingRoot {
  readonly #reader: TileReader;
  /** Full tiles that `#tiles` stands for, and leaves of the one behind them. */
  #full = 0;
  #rest = 0;
  #tiles: Peak[] = [];
  #leaves: Peak[] = [];
  #begun = false;

  constructor(reader: TileReader) {
    this.#reader = reader;
  }

  /** @throws as `TileReader.rootAt` */
  async at(size: number): Promise<Uint8Array> {
    const full = Math.floor(size / TILE_WIDTH);
    const rest = size % TILE_WIDTH;
    if (size > this.#reader.head.size || (this.#begun && size < this.#full * TILE_WIDTH + this.#rest))
      return this.#reader.rootAt(size);
    if (!this.#begun) await this.#begin(full);
    for (; this.#full < full; this.#full += 1) {
      grow(this.#tiles, { height: TILE_HEIGHT, hash: await this.#reader.readHash(TILE_HEIGHT, this.#full) });
      this.#leaves = [];
      this.#rest = 0;
    }
    if (this.#rest < rest) {
      const tile = await this.#reader.tile(0, full);
      for (; this.#rest < rest; this.#rest += 1) {
        const hash = tile.subarray(this.#rest * HASH_BYTES, (this.#rest + 1) * HASH_BYTES);
        grow(this.#leaves, { height: 0, hash });
      }
    }
    return rootOfPeaks([...this.#tiles, ...this.#leaves].map(({ hash }) => hash));
  }

  /** The peaks of a tree of so many full tiles, each read at once. */
  async #begin(full: number): Promise<void> {
    const peaks: Peak[] = [];
    let tiles = full;
    let before = 0;
    for (let power = 2 ** Math.floor(Math.log2(Math.max(full, 1))); power >= 1; power /= 2) {
      if (tiles < power) continue;
      const height = TILE_HEIGHT + Math.round(Math.log2(power));
      peaks.push({ height, hash: await this.#reader.readHash(height, before / power) });
      before += power;
      tiles -= power;
    }
    this.#tiles = peaks;
    this.#full = full;
    this.#begun = true;
  }
}

function grow(peaks: Peak[], peak: Peak): void {
  let { height, hash } = peak;
  for (let last = peaks.at(-1); last?.height === height; last = peaks.at(-1)) {
    peaks.pop();
    hash = nodeHash(last.hash, hash);
    height += 1;
  }
  peaks.push({ height, hash });
}
