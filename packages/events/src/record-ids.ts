import { uuidv7 } from "./ids.ts";

/** Fills the buffer with random bytes, as `randomFillSync` of `node:crypto` does. */
export type RandomSource = (buffer: Uint8Array) => void;

const POOL_BYTES = 4096; // one trip to the system's generator for some 250 ids
const UUID_BYTES = 10;
const SALT_BYTES = 16;

/** Makes record ids and salts from a pool of random bytes; no byte is used twice. */
export class RecordIds {
  readonly #pool = Buffer.alloc(POOL_BYTES);
  readonly #random: RandomSource;
  #used = POOL_BYTES;

  constructor(random: RandomSource) {
    this.#random = random;
  }

  uuid(timeMs: number): string {
    return uuidv7(timeMs, this.#take(UUID_BYTES));
  }

  /** 16 random bytes as hex. */
  salt(): string {
    return this.#take(SALT_BYTES).toString("hex");
  }

  #take(bytes: number): Buffer {
    if (this.#used + bytes > POOL_BYTES) {
      this.#random(this.#pool);
      this.#used = 0;
    }
    this.#used += bytes;
    return this.#pool.subarray(this.#used - bytes, this.#used);
  }
}
