const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `30s`, `30m`, `24h` or `7d`: a whole number above 0 and a unit. */
export const DURATION = /^([1-9]\d{0,5})([smhd])$/;

/** A duration's length in ms; undefined when the text is not one (see DURATION). */
export function durationMs(text: string): number | undefined {
  const match = DURATION.exec(text);
  const unit = match?.[2];
  if (match === null || (unit !== "s" && unit !== "m" && unit !== "h" && unit !== "d")) return undefined;
  return Number(match[1]) * UNIT_MS[unit];
}
