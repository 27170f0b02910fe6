import { LedgerError } from "../errors.ts";
import { rootOfPeaks } from "../tree/compact-range.ts";
import { consistencyProof } from "../tree/consistency.ts";
import { HASH_BYTES, isLeafHash, sameBytes } from "../tree/hashing.ts";
import { inclusionProof } from "../tree/inclusion.ts";
import { checkIndex, checkSize } from "../tree/size.ts";
import { type HashReader, rootAt } from "../tree/subtree.ts";
import { decodeBundle } from "./bundle.ts";
import { TileDamage } from "./damage.ts";
import { partialTiles, TILE_HEIGHT, TILE_WIDTH, type TileId, tileWidth } from "./geometry.ts";
import { bundlePath, tilePath } from "./path.ts";
import { PromiseCache } from "./promise-cache.ts";
import { peaksInTile, subtreeInTile } from "./subtree-in-tile.ts";

/** Where tiles are read from; null for what does not exist. Nothing it says is believed. */
export interface ResourceReader {
  read(path: string): Promise<Uint8Array | null>;
}

/** A tree that is trusted: out of a checkpoint that was verified. */
export interface TreeHead {
  size: number;
  /** 32 bytes */
  root: Uint8Array;
}

const CACHED_TILES = 256; // 2 MiB; a proof needs one tile a level

/**
 * Reads one tree's tiles and entry bundles, and answers only with what the tree's root commits to: the tiles at the right edge
 * must give the root, every other tile's root must be in the tile above it, every entry's hash in its tile.
 * Its methods throw TileDamage (TRIPLINE_LEDGER_MISSING, TRIPLINE_LEDGER_DAMAGED), and what the storage throws.
 */
export class TileReader {
  readonly head: TreeHead;
  readonly #storage: ResourceReader;
  readonly #tiles = new PromiseCache<Uint8Array>(CACHED_TILES);
  readonly #edge = new PromiseCache<Map<number, Uint8Array>>(1);

  constructor(storage: ResourceReader, head: TreeHead) {
    checkSize(head.size);
    if (head.root.length !== HASH_BYTES)
      throw new LedgerError("TRIPLINE_LEDGER_INVALID", `a root has ${HASH_BYTES} bytes`);
    this.#storage = storage;
    this.head = head;
  }

  /** Hashes of a tile, 32 bytes each: as many as the tree has there. */
  tile(level: number, index: number): Promise<Uint8Array> {
    const width = tileWidth(level, index, this.head.size);
    if (width === 0)
      throw new LedgerError(
        "TRIPLINE_LEDGER_INVALID",
        `a tree of ${this.head.size} leaves has no tile ${index} at level ${level}`,
      );
    if (width < TILE_WIDTH) return this.#edgeTile({ level, index, width });
    return this.#tiles.get(`${level}/${index}`, () => this.#fullTile({ level, index, width }));
  }

  /** The entries of one bundle, in order: as many as the tree has there. */
  async entries(bundle: number): Promise<Uint8Array[]> {
    const width = tileWidth(0, bundle, this.head.size);
    const [hashes, found] = await Promise.all([
      this.tile(0, bundle),
      this.#partialOrFull(width, (any) => bundlePath(bundle, any)),
    ]);
    if (found === null) throw missing([bundlePath(bundle, width)]);
    const path = bundlePath(bundle, found.width);
    const entries = decodeBundle(found.bytes);
    if (entries?.length !== found.width)
      throw new TileDamage("damaged", [path], `it does not hold ${found.width} entries`);
    const own = entries.slice(0, width);
    for (const [i, entry] of own.entries()) {
      if (!isLeafHash(entry, hashes, i * HASH_BYTES))
        throw new TileDamage("damaged", [path], `entry ${i} is not the one that the tree commits to`);
    }
    return own;
  }

  async entry(index: number): Promise<Uint8Array> {
    checkIndex(index, this.head.size);
    const entries = await this.entries(Math.floor(index / TILE_WIDTH));
    const entry = entries[index % TILE_WIDTH];
    if (entry === undefined) throw new RangeError("a bundle has as many entries as its width says");
    return entry;
  }

  /** For `inclusionProof`, `consistencyProof`, `rootAt`, at sizes up to this tree's. */
  readonly readHash: HashReader = async (height, index) => {
    const level = Math.floor(height / TILE_HEIGHT);
    const count = 2 ** (height % TILE_HEIGHT);
    const first = index * count;
    const tile = await this.tile(level, Math.floor(first / TILE_WIDTH));
    if (((first % TILE_WIDTH) + count) * HASH_BYTES > tile.length)
      throw new LedgerError(
        "TRIPLINE_LEDGER_INVALID",
        `a tree of ${this.head.size} leaves is smaller than asked`,
      );
    return subtreeInTile(tile, first % TILE_WIDTH, count);
  };

  inclusionProof(index: number): Promise<Uint8Array[]> {
    return inclusionProof(index, this.head.size, this.readHash);
  }

  /** That this tree grew out of the one of `from` leaves. */
  consistencyProof(from: number): Promise<Uint8Array[]> {
    return consistencyProof(from, this.head.size, this.readHash);
  }

  /** The root that this tree had at an earlier size. */
  rootAt(size: number): Promise<Uint8Array> {
    if (size === this.head.size) return Promise.resolve(this.head.root);
    return rootAt(size, this.readHash);
  }

  async #fullTile(id: TileId): Promise<Uint8Array> {
    const { level, index } = id;
    const [bytes, parent] = await Promise.all([
      this.#storage.read(tilePath(id)),
      this.tile(level + 1, Math.floor(index / TILE_WIDTH)),
    ]);
    if (bytes === null) throw missing([tilePath(id)]);
    const at = (index % TILE_WIDTH) * HASH_BYTES;
    const right =
      bytes.length === TILE_WIDTH * HASH_BYTES &&
      sameBytes(subtreeInTile(bytes, 0, TILE_WIDTH), parent.subarray(at, at + HASH_BYTES));
    if (!right) throw new TileDamage("damaged", [tilePath(id)], "its hashes are not those of the tile above");
    return bytes;
  }

  async #edgeTile({ level }: TileId): Promise<Uint8Array> {
    const tiles = await this.#edge.get("", () => this.#readEdge());
    const tile = tiles.get(level);
    if (tile === undefined) throw new RangeError("the edge has a tile for each level that is not full");
    return tile;
  }

  /** The partial tiles, which together give the root. */
  async #readEdge(): Promise<Map<number, Uint8Array>> {
    const ids = partialTiles(this.head.size);
    const paths = ids.map(tilePath);
    const found = await Promise.all(
      ids.map((id) => this.#partialOrFull(id.width, (width) => tilePath({ ...id, width }))),
    );
    const gone = paths.filter((_, i) => found[i] === null);
    if (gone.length > 0) throw missing(gone);
    const tiles = new Map<number, Uint8Array>();
    for (const [i, { level, width, index }] of ids.entries()) {
      const { bytes, width: foundWidth } = found[i] ?? { bytes: new Uint8Array(), width };
      if (bytes.length !== foundWidth * HASH_BYTES)
        throw new TileDamage(
          "damaged",
          [tilePath({ level, index, width: foundWidth })],
          "its length is wrong",
        );
      tiles.set(level, bytes.subarray(0, width * HASH_BYTES));
    }
    const peaks = [...tiles.values()].reverse().flatMap(peaksInTile);
    if (!sameBytes(rootOfPeaks(peaks), this.head.root))
      throw new TileDamage("damaged", paths, "these do not give the root of the checkpoint");
    return tiles;
  }

  /** A partial resource may be gone once the full one exists, which begins with the same (C2SP tlog-tiles). */
  async #partialOrFull(
    width: number,
    path: (width: number) => string,
  ): Promise<{ bytes: Uint8Array; width: number } | null> {
    for (const any of width === TILE_WIDTH ? [TILE_WIDTH] : [width, TILE_WIDTH]) {
      const bytes = await this.#storage.read(path(any));
      if (bytes !== null) return { bytes, width: any };
    }
    return null;
  }
}

function missing(paths: readonly string[]): TileDamage {
  return new TileDamage("missing", paths, "the tree needs it, and it does not exist");
}
