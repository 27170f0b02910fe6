import {
  CompactRange,
  consistencyProof,
  type HashReader,
  inclusionProof,
  leafHash,
  rootAt,
} from "../tree/index.ts";

/** A whole tree in memory, for tests of what speaks about trees. */
export function treeOf(entries: readonly Uint8Array[]) {
  const levels: Uint8Array[][] = [];
  const range = new CompactRange();
  for (const entry of entries) {
    range.append(leafHash(entry), (height, hash) => {
      const level = levels[height] ?? [];
      levels[height] = level;
      level.push(Uint8Array.from(hash));
    });
  }
  const read: HashReader = async (height, index) => {
    const hash = levels[height]?.[index];
    if (hash === undefined) throw new RangeError(`no subtree ${height}/${index}`);
    return hash;
  };
  return {
    root: (size: number) => rootAt(size, read),
    inclusion: (index: number, size: number) => inclusionProof(index, size, read),
    consistency: (from: number, to: number) => consistencyProof(from, to, read),
  };
}
