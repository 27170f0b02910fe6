import { EMPTY_ROOT, nodeHash } from "./hashing.ts";
import { checkSize } from "./size.ts";

/** Told of each perfect subtree that a leaf completes: its height and its root, from the leaf (height 0) upwards. */
export type SubtreeListener = (height: number, hash: Uint8Array) => void;

/**
 * What is needed of a tree to let it grow: the roots of the perfect subtrees that its size is the sum of, largest first.
 * One node hash a leaf on average.
 */
export class CompactRange {
  #size: number;
  #peaks: Uint8Array[];

  /** `peaks`: one for each 1 in the binary form of `size`, the highest first; checked by comparing `root()` with a known one. */
  constructor(size = 0, peaks: readonly Uint8Array[] = []) {
    checkSize(size);
    this.#size = size;
    this.#peaks = [...peaks];
  }

  get size(): number {
    return this.#size;
  }

  append(leafHash: Uint8Array, onSubtree?: SubtreeListener): void {
    checkSize(this.#size + 1);
    let hash = leafHash;
    let height = 0;
    onSubtree?.(height, hash);
    for (let rest = this.#size; rest % 2 === 1; rest = (rest - 1) / 2) {
      const left = this.#peaks.pop();
      if (left === undefined) throw new RangeError("fewer peaks than the size asks for");
      hash = nodeHash(left, hash);
      onSubtree?.(++height, hash);
    }
    this.#peaks.push(hash);
    this.#size++;
  }

  /** The root of the tree (RFC 6962, section 2.1). */
  root(): Uint8Array {
    return rootOfPeaks(this.#peaks);
  }

  copy(): CompactRange {
    return new CompactRange(this.#size, this.#peaks);
  }
}

/** Perfect subtrees, the largest first, as one root. */
export function rootOfPeaks(peaks: readonly Uint8Array[]): Uint8Array {
  if (peaks.length === 0) return EMPTY_ROOT;
  return peaks.reduceRight((right, left) => nodeHash(left, right));
}
