import { randomBytes } from "node:crypto";

const A = 2_654_435_761; // Knuth's and Marsaglia's odd constants: bits of each character reach all of the hash
const B = 1_597_334_677;

/**
 * A hash of 64 bits for tables in this process: some ten ns for an id. Seeded anew at each start, and no cryptographic hash:
 * who finds two texts with one hash costs a comparison, so equal hashes are always followed by one.
 */
export class TextHash {
  high = 0;
  low = 0;
  readonly #seeds = new Uint32Array(randomBytes(8).buffer.slice(0, 8));

  /** Sets `high` and `low`. @param salt tells texts of different kinds apart */
  of(text: string, salt: number): void {
    let a = ((this.#seeds[0] ?? 0) ^ salt) | 0;
    let b = ((this.#seeds[1] ?? 0) + salt) | 0;
    for (let at = 0; at < text.length; at += 1) {
      const unit = text.charCodeAt(at);
      a = Math.imul(a ^ unit, A);
      a ^= a >>> 15;
      b = Math.imul(b ^ unit, B);
      b ^= b >>> 13;
    }
    a = Math.imul(a ^ (a >>> 16), 2_246_822_507) ^ Math.imul(b ^ (b >>> 13), 3_266_489_909);
    b = Math.imul(b ^ (b >>> 16), 2_246_822_507) ^ Math.imul(a ^ (a >>> 13), 3_266_489_909);
    this.low = a >>> 0;
    this.high = b >>> 0;
  }
}
