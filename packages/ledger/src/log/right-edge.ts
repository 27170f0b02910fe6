import { TILE_HEIGHT, TILE_WIDTH } from "../tiles/geometry.ts";
import { bundlePath, tilePath } from "../tiles/path.ts";
import { peaksInTile } from "../tiles/subtree-in-tile.ts";
import type { TileReader } from "../tiles/tile-reader.ts";
import { CompactRange } from "../tree/compact-range.ts";
import { HASH_BYTES, leafHash } from "../tree/hashing.ts";
import { GrowingBundle } from "./growing-bundle.ts";
import type { LogFile } from "./log-file.ts";

interface GrowingTile {
  index: number;
  width: number;
  hashes: Uint8Array;
}

/** What has to be known of a tree to append to it: one tile a level and one bundle, none of them full. */
export class RightEdge {
  #range = new CompactRange();
  #bundle = new GrowingBundle();
  #tiles: GrowingTile[] = [];

  /** The edge of a tree that is stored; verified against the reader's root. */
  static async of(reader: TileReader): Promise<RightEdge> {
    const { size } = reader.head;
    const edge = new RightEdge();
    const peaks: Uint8Array[] = [];
    for (let level = 0, count = size; count > 0; level++) {
      const tile = edge.#tileAt(level);
      tile.width = count % TILE_WIDTH;
      tile.index = Math.floor(count / TILE_WIDTH);
      if (tile.width > 0) tile.hashes.set(await reader.tile(level, tile.index));
      peaks.unshift(...peaksInTile(used(tile)));
      count = tile.index;
    }
    if (size % TILE_WIDTH > 0)
      for (const entry of await reader.entries(Math.floor(size / TILE_WIDTH))) edge.#bundle.append(entry);
    edge.#range = new CompactRange(size, peaks);
    return edge;
  }

  get size(): number {
    return this.#range.size;
  }

  root(): Uint8Array {
    return this.#range.root();
  }

  /** Entries of the bundle that is not full yet: those of the last `size % 256` leaves. */
  openEntries(): Uint8Array[] {
    return this.#bundle.entries();
  }

  /** The tiles and the bundle that this leaf filled. @throws LedgerError TRIPLINE_LEDGER_INVALID for an entry that is too long */
  append(entry: Uint8Array): LogFile[] {
    const index = Math.floor(this.size / TILE_WIDTH);
    const bundle = this.#bundle.append(entry);
    const files: LogFile[] = [];
    if (bundle !== null) files.push({ path: bundlePath(index), bytes: bundle, provisional: false });
    this.#range.append(leafHash(entry), (height, hash) => {
      if (height % TILE_HEIGHT !== 0) return;
      const level = height / TILE_HEIGHT;
      const tile = this.#tileAt(level);
      tile.hashes.set(hash, tile.width * HASH_BYTES);
      tile.width++;
      if (tile.width < TILE_WIDTH) return;
      files.push({ path: tilePath({ level, ...tile }), bytes: tile.hashes, provisional: false });
      this.#tiles[level] = { index: tile.index + 1, width: 0, hashes: new Uint8Array(tile.hashes.length) };
    });
    return files;
  }

  /** The partial tiles and the partial bundle of the tree as it is now. */
  partials(): LogFile[] {
    const files: LogFile[] = [];
    const { width } = this.#bundle;
    if (width > 0) {
      const path = bundlePath(Math.floor(this.size / TILE_WIDTH), width);
      files.push({ path, bytes: this.#bundle.encode(), provisional: true });
    }
    for (const [level, tile] of this.#tiles.entries())
      if (tile.width > 0)
        files.push({ path: tilePath({ level, ...tile }), bytes: used(tile).slice(), provisional: true });
    return files;
  }

  #tileAt(level: number): GrowingTile {
    let tile = this.#tiles[level];
    if (tile === undefined) {
      tile = { index: 0, width: 0, hashes: new Uint8Array(TILE_WIDTH * HASH_BYTES) };
      this.#tiles[level] = tile;
    }
    return tile;
  }
}

function used({ hashes, width }: GrowingTile): Uint8Array {
  return hashes.subarray(0, width * HASH_BYTES);
}
