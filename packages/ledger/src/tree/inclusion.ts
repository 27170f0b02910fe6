import { HASH_BYTES, nodeHash, sameBytes } from "./hashing.ts";
import { checkIndex, splitPoint } from "./size.ts";
import { type HashReader, rangeHash } from "./subtree.ts";

/** PATH(index, D[0:size]) of RFC 6962, section 2.1.1: hashes from the leaf upwards. */
export function inclusionProof(index: number, size: number, read: HashReader): Promise<Uint8Array[]> {
  checkIndex(index, size);
  const siblings: Promise<Uint8Array>[] = [];
  let from = 0;
  let to = size;
  while (to - from > 1) {
    const middle = from + splitPoint(to - from);
    if (index < middle) {
      siblings.push(rangeHash(middle, to, read));
      to = middle;
    } else {
      siblings.push(rangeHash(from, middle, read));
      from = middle;
    }
  }
  return Promise.all(siblings.reverse());
}

export interface InclusionClaim {
  index: number;
  size: number;
  leafHash: Uint8Array;
  proof: readonly Uint8Array[];
}

/**
 * The root that the proof leads to (RFC 9162, section 2.1.3.2), or null where the proof has another form than a proof for
 * this index and size. Never throws.
 */
export function rootFromInclusion({ index, size, leafHash, proof }: InclusionClaim): Uint8Array | null {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return null;
  if ([leafHash, ...proof].some((hash) => hash.length !== HASH_BYTES)) return null;
  let position = index;
  let last = size - 1;
  let root = leafHash;
  for (const sibling of proof) {
    if (last === 0) return null;
    if (position % 2 === 1 || position === last) {
      root = nodeHash(sibling, root);
      while (position % 2 === 0 && position !== 0) {
        position /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      root = nodeHash(root, sibling);
    }
    position = Math.floor(position / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 ? root : null;
}

/** Whether the leaf is in the tree with this root. */
export function verifyInclusion(claim: InclusionClaim, root: Uint8Array): boolean {
  const led = rootFromInclusion(claim);
  return led !== null && sameBytes(led, root);
}
