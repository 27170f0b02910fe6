/**
 * How values of one kind were spread, in a few dozen numbers: counts in bins whose bounds grow by a constant factor, so
 * that every quantile is within 10 % of the true one (DDSketch: Masson, Rim, Lee, VLDB 2019). What is old counts less:
 * when a sketch is full, all its counts are halved. Integers only, so that the same values always give the same sketch.
 */
export interface Sketch {
  /** Values of 0 or less. */
  zeros: number;
  /** Pairs of bin and count, flat, by bin in ascending order. */
  bins: number[];
}

export const RELATIVE_ERROR = 0.1;
const GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR);
const LOG_GAMMA = Math.log(GAMMA);
const MAX_BINS = 64; // they span a factor of 380,000; beyond it the lowest two become one, the upper quantiles stay exact
const MAX_COUNT = 1024; // a bin of an hour of the week fills it in 17 weeks of minutes
const SMALLEST = 1e-9; // what is less counts as 0
const LARGEST = 1e15; // a petabyte

export function emptySketch(): Sketch {
  return { zeros: 0, bins: [] };
}

export function countOf({ zeros, bins }: Sketch): number {
  let total = zeros;
  for (let at = 1; at < bins.length; at += 2) total += bins[at] ?? 0;
  return total;
}

/** Adds a value `times` times; @param times at most 1024 */
export function addValue(sketch: Sketch, value: number, times = 1): void {
  if (value < SMALLEST || Number.isNaN(value)) sketch.zeros += times;
  else addToBin(sketch.bins, Math.ceil(Math.log(Math.min(value, LARGEST)) / LOG_GAMMA) + 0, times); // never -0
  if (countOf(sketch) > MAX_COUNT) halve(sketch);
}

/** Both together, as if all values had been added to one; neither is changed. */
export function mergedSketch(sketches: readonly Sketch[]): Sketch {
  const merged = emptySketch();
  for (const { zeros, bins } of sketches) {
    merged.zeros += zeros;
    for (let at = 0; at < bins.length; at += 2) addToBin(merged.bins, bins[at] ?? 0, bins[at + 1] ?? 0);
  }
  return merged;
}

/** The value that a share of `q` (0 to 1) of all is not above, within 10 %; 0 for a sketch of nothing. */
export function quantile(sketch: Sketch, q: number): number {
  const rank = Math.max(1, Math.ceil(q * countOf(sketch)));
  let seen = sketch.zeros;
  if (seen >= rank) return 0;
  const { bins } = sketch;
  for (let at = 0; at < bins.length; at += 2) {
    seen += bins[at + 1] ?? 0;
    if (seen >= rank) return binValue(bins[at] ?? 0);
  }
  return 0;
}

/** The median distance from the median (MAD): how far values usually stray, whatever a few extreme ones do. */
export function medianDeviation(sketch: Sketch): number {
  const median = quantile(sketch, 0.5);
  const distances: [number, number][] = [[median, sketch.zeros]];
  const { bins } = sketch;
  for (let at = 0; at < bins.length; at += 2)
    distances.push([Math.abs(binValue(bins[at] ?? 0) - median), bins[at + 1] ?? 0]);
  distances.sort(([a], [b]) => a - b);
  const half = countOf(sketch) / 2;
  let seen = 0;
  for (const [distance, count] of distances) {
    seen += count;
    if (count > 0 && seen >= half) return distance;
  }
  return 0;
}

function binValue(bin: number): number {
  return (2 * GAMMA ** bin) / (GAMMA + 1);
}

function addToBin(bins: number[], bin: number, times: number): void {
  let at = 0;
  while (at < bins.length && (bins[at] ?? 0) < bin) at += 2;
  if (at < bins.length && bins[at] === bin) {
    bins[at + 1] = (bins[at + 1] ?? 0) + times;
    return;
  }
  bins.splice(at, 0, bin, times);
  if (bins.length <= 2 * MAX_BINS) return;
  bins[3] = (bins[3] ?? 0) + (bins[1] ?? 0);
  bins.splice(0, 2);
}

/** What a bin's half leaves over goes on to the next, so that rare values do not vanish all at once. */
function halve(sketch: Sketch): void {
  let left = sketch.zeros & 1;
  sketch.zeros >>= 1;
  const halved: number[] = [];
  const { bins } = sketch;
  for (let at = 0; at < bins.length; at += 2) {
    const count = (bins[at + 1] ?? 0) + left;
    left = count & 1;
    if (count > 1) halved.push(bins[at] ?? 0, count >> 1);
  }
  sketch.bins = halved;
}
