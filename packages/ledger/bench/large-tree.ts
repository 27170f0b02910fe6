import { randomFillSync } from "node:crypto";
import {
  FileStorage,
  HASH_BYTES,
  parseTilePath,
  peaksInTile,
  type ResourceReader,
  rootOfPeaks,
  subtreeInTile,
  TILE_WIDTH,
  type TreeHead,
  tilePath,
  tileWidth,
} from "../src/index.ts";

/**
 * A tree of any size out of few files: tiles of level 0 repeat after 256, so that those of level 1 are all the same, and those
 * above too. Each read is a read of a real file.
 */
export async function largeTree(
  size: number,
  directory: string,
): Promise<{ storage: ResourceReader; head: TreeHead; leafAt(index: number): Uint8Array }> {
  const files = new FileStorage(directory);
  const leafTiles = Array.from({ length: TILE_WIDTH }, () =>
    randomFillSync(new Uint8Array(TILE_WIDTH * HASH_BYTES)),
  );
  const upper: Uint8Array[] = [joined(leafTiles.map(rootOfTile))];
  for (let level = 2; TILE_WIDTH ** level <= size; level++) {
    const root = rootOfTile(upper.at(-1) ?? new Uint8Array());
    upper.push(joined(Array.from({ length: TILE_WIDTH }, () => root)));
  }
  const tileAt = (level: number, index: number): Uint8Array =>
    (level === 0 ? leafTiles[index % TILE_WIDTH] : upper[level - 1]) ?? new Uint8Array();

  const kept = (level: number, index: number, width: number) =>
    tilePath({ level, index: level === 0 ? index % TILE_WIDTH : 0, width });
  for (const [index, tile] of leafTiles.entries()) await files.write(kept(0, index, TILE_WIDTH), tile);
  for (const [i, tile] of upper.entries()) await files.write(kept(i + 1, 0, TILE_WIDTH), tile);

  const peaks: Uint8Array[] = [];
  for (let level = 0; TILE_WIDTH ** level <= size; level++) {
    const index = Math.floor(size / TILE_WIDTH ** (level + 1));
    const width = tileWidth(level, index, size);
    if (width === 0) continue;
    const tile = tileAt(level, index).subarray(0, width * HASH_BYTES);
    peaks.unshift(...peaksInTile(tile));
    await files.write(kept(level, index, width), tile);
  }
  const storage: ResourceReader = {
    read: async (path) => {
      const resource = parseTilePath(path);
      if (resource?.kind !== "tile") return null;
      const { level, index, width } = resource;
      return files.read(kept(level, index, width));
    },
  };
  const leafAt = (index: number) => {
    const at = (index % TILE_WIDTH) * HASH_BYTES;
    return tileAt(0, Math.floor(index / TILE_WIDTH)).subarray(at, at + HASH_BYTES);
  };
  return { storage, head: { size, root: rootOfPeaks(peaks) }, leafAt };
}

const rootOfTile = (tile: Uint8Array) => subtreeInTile(tile, 0, TILE_WIDTH);

function joined(hashes: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(hashes.length * HASH_BYTES);
  for (const [i, hash] of hashes.entries()) bytes.set(hash, i * HASH_BYTES);
  return bytes;
}
