/** Median, 90th and 99th percentile, one decimal. */
export function quantiles(values: number[]): Record<string, number> {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (q: number): number => Math.round((sorted[Math.floor(q * (sorted.length - 1))] ?? 0) * 10) / 10;
  return { median: at(0.5), p90: at(0.9), p99: at(0.99), n: sorted.length };
}
