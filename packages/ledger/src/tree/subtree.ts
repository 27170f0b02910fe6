import { EMPTY_ROOT, nodeHash } from "./hashing.ts";
import { checkSize, splitPoint } from "./size.ts";

/**
 * The root of the perfect subtree of `2^height` leaves that starts at leaf `index × 2^height`. Only asked for where all of
 * these leaves exist. What it returns is believed: give a reader that verifies.
 */
export type HashReader = (height: number, index: number) => Promise<Uint8Array>;

/** MTH(D[from:to]) of RFC 6962, section 2.1. `from` must be where such a subtree can begin, as the RFC's splits have it. */
export async function rangeHash(from: number, to: number, read: HashReader): Promise<Uint8Array> {
  const count = to - from;
  if (count === 0) return EMPTY_ROOT;
  let height = 0;
  for (let rest = count; rest % 2 === 0; rest /= 2) height++;
  if (2 ** height === count) return read(height, from / count);
  const middle = from + splitPoint(count);
  const [left, right] = await Promise.all([rangeHash(from, middle, read), rangeHash(middle, to, read)]);
  return nodeHash(left, right);
}

/** The root of the tree when it had `size` leaves. */
export function rootAt(size: number, read: HashReader): Promise<Uint8Array> {
  checkSize(size);
  return rangeHash(0, size, read);
}
