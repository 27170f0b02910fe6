/** The share of each of `count` keys, the largest first, where the n-th is proportional to 1 / n^exponent. Sums to 1. */
export function zipfShares(count: number, exponent: number): number[] {
  const weights = Array.from({ length: count }, (_, n) => 1 / (n + 1) ** exponent);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** What each partition gets when keys are spread over them by a hash. */
export function partitionShares(keys: readonly number[], partitions: number): number[] {
  const shares = Array.from({ length: partitions }, () => 0);
  for (const [n, share] of keys.entries()) {
    const partition = hash(n) % partitions;
    shares[partition] = (shares[partition] ?? 0) + share;
  }
  return shares;
}

/** A 32-bit mix (murmur3's last step): neighbours land far from each other. */
function hash(n: number): number {
  let h = Math.imul(n + 1, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
