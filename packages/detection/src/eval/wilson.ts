const Z = 1.96; // 95 %

/** The interval in which a rate of `hits` in `total` lies with 95 % (Wilson 1927); [0, 1] of none. */
export function wilson(hits: number, total: number): [low: number, high: number] {
  if (total === 0) return [0, 1];
  const rate = hits / total;
  const square = (Z * Z) / total;
  const middle = rate + square / 2;
  const reach = Z * Math.sqrt((rate * (1 - rate)) / total + square / (4 * total));
  return [Math.max(0, (middle - reach) / (1 + square)), Math.min(1, (middle + reach) / (1 + square))];
}
