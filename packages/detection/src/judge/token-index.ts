const NONE = 0; // of a place plus one
const FIRST_BUCKETS = 128;

/**
 * Where each token stands on a tape, so that a look for a few values touches only the places that hold them. Made when it is
 * first asked for and then kept up: most sessions end before anything is looked for. Places are below 2^16.
 */
export class TokenIndex {
  #buckets = new Uint16Array(0);
  /** For each place, the place before it in the same bucket. */
  #before = new Uint16Array(0);
  #length = 0;

  /** Places have moved: what is known of them is wrong. */
  reset(): void {
    this.#length = 0;
    this.#buckets.fill(NONE);
  }

  /** Adds the places of a hash to `into`, the last one first. @param length how much of `hashes` there is */
  placesOf(hash: number, hashes: Uint32Array, length: number, into: number[]): void {
    if (this.#length < length) this.#takeIn(hashes, length);
    let next = this.#buckets[hash & (this.#buckets.length - 1)] ?? NONE;
    while (next !== NONE) {
      if (hashes[next - 1] === hash) into.push(next - 1);
      next = this.#before[next - 1] ?? NONE;
    }
  }

  #takeIn(hashes: Uint32Array, length: number): void {
    if (length > this.#buckets.length) {
      let size = Math.max(FIRST_BUCKETS, this.#buckets.length);
      while (size < length) size *= 2;
      this.#buckets = new Uint16Array(size);
      this.#before = new Uint16Array(size);
      this.#length = 0;
    }
    const buckets = this.#buckets;
    const before = this.#before;
    const mask = buckets.length - 1;
    for (let at = this.#length; at < length; at += 1) {
      const bucket = (hashes[at] ?? 0) & mask;
      before[at] = buckets[bucket] ?? NONE;
      buckets[bucket] = at + 1;
    }
    this.#length = length;
  }
}
