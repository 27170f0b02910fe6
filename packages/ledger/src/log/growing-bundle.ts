import { decodeBundle, encodedLength, putEntry } from "../tiles/bundle.ts";
import { TILE_WIDTH } from "../tiles/geometry.ts";

const FIRST_CAPACITY_BYTES = 16_384; // 256 entries of 62 bytes

/** The entry bundle that the next leaf goes into. Copies entries as they come. */
export class GrowingBundle {
  #bytes = new Uint8Array(FIRST_CAPACITY_BYTES);
  #length = 0;
  #width = 0;

  get width(): number {
    return this.#width;
  }

  /** The whole bundle when this entry filled it, and the next one begins; otherwise null. */
  append(entry: Uint8Array): Uint8Array | null {
    const length = encodedLength(entry);
    this.#reserve(length);
    putEntry(this.#bytes, this.#length, entry);
    this.#length += length;
    this.#width++;
    if (this.#width < TILE_WIDTH) return null;
    const whole = this.encode();
    this.#length = 0;
    this.#width = 0;
    return whole;
  }

  encode(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  entries(): Uint8Array[] {
    return decodeBundle(this.encode()) ?? [];
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}
