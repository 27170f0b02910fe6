/** A growing column of numbers. */
export class Column<A extends Float64Array | Uint32Array | Int32Array | Uint8Array> {
  values: A;
  readonly #make: (size: number) => A;

  constructor(make: (size: number) => A, size: number) {
    this.#make = make;
    this.values = make(size);
  }

  grow(size: number): void {
    const grown = this.#make(size);
    grown.set(this.values as never);
    this.values = grown;
  }
}

const FREE = 0;
const GONE = -1;
const MAX_LOAD = 0.6; // of the slots; beyond it a look-up meets too many others

/**
 * Finds numbered things by a hash of 64 bits that the caller keeps for each. Open addressing; four bytes a slot, so that
 * a million things take 8 to 16 MB.
 */
export class NumberTable {
  #slots = new Int32Array(64);
  #used = 0;
  readonly #hashOf: (number: number) => number;

  /** @param hashOf the lower half of a thing's hash, a Uint32 */
  constructor(hashOf: (number: number) => number) {
    this.#hashOf = hashOf;
  }

  /** The first thing with this hash that `isIt`; -1: none. */
  find(hash: number, isIt: (number: number) => boolean): number {
    const mask = this.#slots.length - 1;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const slot = this.#slots[at] ?? FREE;
      if (slot === FREE) return -1;
      if (slot !== GONE && isIt(slot - 1)) return slot - 1;
    }
  }

  add(number: number, hash: number): void {
    if (this.#used + 1 > this.#slots.length * MAX_LOAD) this.#grow();
    this.#place(number + 1, hash);
  }

  remove(number: number, hash: number): void {
    const mask = this.#slots.length - 1;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const slot = this.#slots[at] ?? FREE;
      if (slot === FREE) return;
      if (slot !== number + 1) continue;
      this.#slots[at] = GONE;
      return;
    }
  }

  #place(slot: number, hash: number): void {
    const mask = this.#slots.length - 1;
    let at = hash & mask;
    while ((this.#slots[at] ?? FREE) > 0) at = (at + 1) & mask;
    if (this.#slots[at] === FREE) this.#used += 1;
    this.#slots[at] = slot;
  }

  /** Also drops the places of what is gone. */
  #grow(): void {
    const before = this.#slots;
    const live = before.reduce((count, slot) => (slot > 0 ? count + 1 : count), 0);
    const size = live + 1 > before.length * MAX_LOAD * 0.5 ? before.length * 2 : before.length;
    this.#slots = new Int32Array(size);
    this.#used = 0;
    for (const slot of before) if (slot > 0) this.#place(slot, this.#hashOf(slot - 1));
  }
}
