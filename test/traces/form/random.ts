import { seeded } from "../../support/seeded.ts";

/** Choices that are the same for the same seed text. */
export class Random {
  readonly #next: () => number;

  constructor(seed: string) {
    let hash = 2166136261;
    for (const char of seed) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 16777619);
    this.#next = seeded(hash);
    for (let warm = 0; warm < 3; warm += 1) this.#next();
  }

  /** An integer from `low` to `high`, both possible. */
  int(low: number, high: number): number {
    return low + Math.floor(this.#next() * (high - low + 1));
  }

  chance(probability: number): boolean {
    return this.#next() < probability;
  }

  pick<T>(from: readonly T[]): T {
    const found = from[this.int(0, from.length - 1)];
    if (found === undefined) throw new Error("nothing to pick from");
    return found;
  }

  shuffled<T>(from: readonly T[]): T[] {
    const left = [...from];
    const out: T[] = [];
    while (left.length > 0) out.push(...left.splice(this.int(0, left.length - 1), 1));
    return out;
  }

  some<T>(from: readonly T[], count: number): T[] {
    return this.shuffled(from).slice(0, count);
  }

  chars(alphabet: string, count: number): string {
    let out = "";
    for (let at = 0; at < count; at += 1) out += alphabet[this.int(0, alphabet.length - 1)] ?? "";
    return out;
  }

  digits(count: number): string {
    return this.chars("123456789", 1) + this.chars("0123456789", count - 1);
  }
}
