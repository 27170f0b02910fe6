import { isSha256, sha256, sha256Into } from "#crypto";

export const HASH_BYTES = 32;

/** The root of a tree without leaves: SHA-256 of nothing (RFC 6962, section 2.1). */
export const EMPTY_ROOT: Uint8Array = sha256(new Uint8Array(0));

const LEAF_PREFIX = 0x00;
const NODE_PREFIX = 0x01;

const node = new Uint8Array(1 + 2 * HASH_BYTES); // used again for each hash: hashing is synchronous
node[0] = NODE_PREFIX;

/** SHA-256(0x00 ‖ entry) (RFC 6962, section 2.1). */
export function leafHash(entry: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + entry.length);
  bytes[0] = LEAF_PREFIX;
  bytes.set(entry, 1);
  return sha256(bytes);
}

/** Whether `leafHash(entry)` is what stands in `hashes` from `at` on. */
export function isLeafHash(entry: Uint8Array, hashes: Uint8Array, at: number): boolean {
  if (leaf.length !== entry.length + 1) leaf = new Uint8Array(1 + entry.length); // one log's entries are nearly all of one length
  leaf[0] = LEAF_PREFIX;
  leaf.set(entry, 1);
  return isSha256(leaf, hashes, at);
}

let leaf = new Uint8Array(1);

/** SHA-256(0x01 ‖ left ‖ right), both of 32 bytes (RFC 6962, section 2.1). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  node.set(left, 1);
  node.set(right, 1 + HASH_BYTES);
  return sha256(node);
}

/** `nodeHash` of the two hashes that stand behind one another in `hashes` from `from` on, written to `into`, which may be the same. */
export function pairHashInto(hashes: Uint8Array, from: number, into: Uint8Array, to: number): void {
  for (let i = 0; i < 2 * HASH_BYTES; i++) node[1 + i] = hashes[from + i] ?? 0;
  sha256Into(node, into, to);
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
