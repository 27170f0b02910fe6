let lastMs = Number.NaN;
let lastText = "";

/** ISO 8601 of ms since the epoch. Formatted once for times that come in a row: a call's records share theirs. */
export function isoTime(timeMs: number): string {
  if (timeMs === lastMs) return lastText;
  lastText = new Date(timeMs).toISOString(); // throws for times that are none, and remembers nothing then
  lastMs = timeMs;
  return lastText;
}
