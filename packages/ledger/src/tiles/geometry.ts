import { checkSize } from "../tree/size.ts";

/** Hashes in a full tile, entries in a full bundle (C2SP tlog-tiles). */
export const TILE_WIDTH = 256;
/** Tree heights that one tile spans: 256 = 2^8. */
export const TILE_HEIGHT = 8;

/** Which tile: `width` is 256 for a full one. */
export interface TileId {
  level: number;
  index: number;
  width: number;
}

/** Hashes that a tile has in a tree of `size` leaves: 0 to 256. */
export function tileWidth(level: number, index: number, size: number): number {
  const hashes = Math.floor(size / TILE_WIDTH ** level);
  return Math.max(0, Math.min(TILE_WIDTH, hashes - index * TILE_WIDTH));
}

/** The partial tiles of a tree of `size` leaves, from level 0 upwards. None of a level whose tiles are all full. */
export function partialTiles(size: number): TileId[] {
  checkSize(size);
  const tiles: TileId[] = [];
  for (let level = 0, hashes = size; hashes > 0; level++) {
    const width = hashes % TILE_WIDTH;
    hashes = Math.floor(hashes / TILE_WIDTH);
    if (width > 0) tiles.push({ level, index: hashes, width });
  }
  return tiles;
}
