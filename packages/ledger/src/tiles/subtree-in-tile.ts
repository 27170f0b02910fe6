import { HASH_BYTES, pairHashInto } from "../tree/hashing.ts";

/** The root over `count` (a power of two) hashes of a tile, from the `offset`-th on. */
export function subtreeInTile(tile: Uint8Array, offset: number, count: number): Uint8Array {
  if (count === 1) return tile.slice(offset * HASH_BYTES, (offset + 1) * HASH_BYTES);
  const hashes = new Uint8Array((count / 2) * HASH_BYTES);
  let from = tile;
  let first = offset * HASH_BYTES;
  for (let left = count / 2; left >= 1; left /= 2) {
    for (let i = 0; i < left; i++) pairHashInto(from, first + i * 2 * HASH_BYTES, hashes, i * HASH_BYTES);
    from = hashes;
    first = 0;
  }
  return hashes.subarray(0, HASH_BYTES);
}

/** The perfect subtrees that a partial tile's hashes are the sum of, the largest first. */
export function peaksInTile(tile: Uint8Array): Uint8Array[] {
  const width = tile.length / HASH_BYTES;
  const peaks: Uint8Array[] = [];
  let offset = 0;
  for (let count = 128; count >= 1; count /= 2) {
    if (offset + count > width) continue;
    peaks.push(subtreeInTile(tile, offset, count));
    offset += count;
  }
  return peaks;
}
