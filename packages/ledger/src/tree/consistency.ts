import { LedgerError } from "../errors.ts";
import { EMPTY_ROOT, HASH_BYTES, nodeHash, sameBytes } from "./hashing.ts";
import { checkSize, splitPoint } from "./size.ts";
import { type HashReader, rangeHash } from "./subtree.ts";

/**
 * PROOF(from, D[0:to]) of RFC 6962, section 2.1.2. Empty where `from` is 0 or `to`.
 * @throws LedgerError TRIPLINE_LEDGER_INVALID unless 0 ≤ from ≤ to
 */
export function consistencyProof(from: number, to: number, read: HashReader): Promise<Uint8Array[]> {
  checkSize(from, "the smaller size");
  checkSize(to);
  if (from > to)
    throw new LedgerError(
      "TRIPLINE_LEDGER_INVALID",
      `a tree of ${to} leaves has no proof that it grew out of ${from}`,
    );
  if (from === 0 || from === to) return Promise.resolve([]);
  const hashes: Promise<Uint8Array>[] = [];
  let low = 0;
  let high = to;
  while (high !== from) {
    const middle = low + splitPoint(high - low);
    if (from <= middle) {
      hashes.push(rangeHash(middle, high, read));
      high = middle;
    } else {
      hashes.push(rangeHash(low, middle, read));
      low = middle;
    }
  }
  if (low !== 0) hashes.push(rangeHash(low, high, read)); // the old root itself is known to the one who asks
  return Promise.all(hashes.reverse());
}

export interface ConsistencyClaim {
  from: number;
  fromRoot: Uint8Array;
  to: number;
  toRoot: Uint8Array;
  proof: readonly Uint8Array[];
}

/** Whether the tree of `to` leaves grew out of the one of `from` leaves (RFC 9162, section 2.1.4.2). Never throws. */
export function verifyConsistency({ from, fromRoot, to, toRoot, proof }: ConsistencyClaim): boolean {
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from < 0 || from > to) return false;
  if ([fromRoot, toRoot, ...proof].some((hash) => hash.length !== HASH_BYTES)) return false;
  if (from === to) return proof.length === 0 && sameBytes(fromRoot, toRoot);
  if (from === 0) return proof.length === 0 && sameBytes(fromRoot, EMPTY_ROOT);

  let position = from - 1;
  let last = to - 1;
  while (position % 2 === 1) {
    position = (position - 1) / 2;
    last = Math.floor(last / 2);
  }
  const [first, ...rest] = position === 0 ? [fromRoot, ...proof] : proof; // a perfect old tree is itself the first hash
  if (first === undefined) return false;
  let oldRoot = first;
  let newRoot = first;
  for (const hash of rest) {
    if (last === 0) return false;
    if (position % 2 === 1 || position === last) {
      oldRoot = nodeHash(hash, oldRoot);
      newRoot = nodeHash(hash, newRoot);
      while (position % 2 === 0 && position !== 0) {
        position /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      newRoot = nodeHash(newRoot, hash);
    }
    position = Math.floor(position / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && sameBytes(oldRoot, fromRoot) && sameBytes(newRoot, toRoot);
}
