/** One measured figure. `limit` is the goal it is held against: at most it for times and sizes, at least it for rates. */
export interface Figure {
  name: string;
  value: number;
  unit: string;
  goal?: { at_most: number } | { at_least: number };
}

export interface BenchResult {
  bench: string;
  figures: Figure[];
}

export function meets({ value, goal }: Figure): boolean | null {
  if (goal === undefined) return null;
  return "at_most" in goal ? value <= goal.at_most : value >= goal.at_least;
}

/** The q-quantile (0…1) of unsorted numbers; NaN when there are none. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}
