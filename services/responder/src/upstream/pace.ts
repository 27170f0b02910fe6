/** How long an issuer is left alone between two attempts about one key. All in ms. */

const SOON = { first: 1000, times: 2, most: 60_000 }; // it was not reached, or said "later"
const BY_A_PERSON = { first: 60_000, times: 2, most: 3600_000 }; // it said no: somebody has to change something first
const PROBES = { first: 250, times: 1.5, most: 15_000 }; // most refuse at once, some after a cache's time
const LATE_PROBES = { first: 60_000, times: 1.5, most: 600_000 }; // on-call was told; what a person does is seen soon

/** @param failures before this one, of the same kind in a row @param asked what the issuer asked for */
export function waitAfter(
  kind: "retry" | "refused" | "impossible",
  failures: number,
  asked?: number,
): number {
  return Math.max(grown(kind === "retry" ? SOON : BY_A_PERSON, failures), asked ?? 0);
}

/** @param probes that found the key alive before this one @param late on-call was told already */
export function waitAfterProbe(probes: number, late: boolean): number {
  return grown(late ? LATE_PROBES : PROBES, probes);
}

function grown(
  { first, times, most }: { first: number; times: number; most: number },
  before: number,
): number {
  return Math.min(first * times ** Math.min(before, 40), most);
}
