import { HASH_BYTES, pairHash } from "../tree/hashing.ts";

/** The root over `count` (a power of two) hashes of a tile, from the `offset`-th on. */
export function subtreeInTile(tile: Uint8Array, offset: number, count: number): Uint8Array {
  const hashes = new Uint8Array(count * HASH_BYTES); // not `slice`, which of a Buffer is no copy
  hashes.set(tile.subarray(offset * HASH_BYTES, (offset + count) * HASH_BYTES));
  for (let left = count; left > 1; left /= 2) {
    for (let i = 0; i < left / 2; i++) hashes.set(pairHash(hashes, i * 2 * HASH_BYTES), i * HASH_BYTES);
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
