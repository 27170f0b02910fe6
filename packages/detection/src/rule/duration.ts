import { z } from "zod";

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const DURATION = /^(\d{1,9})(ms|s|m|h|d)$/;
export const MAX_DURATION_MS = 90 * UNIT_MS.d; // state is kept this long at most

/** A Sigma timespan (`30s`, `5m`, `1h`, `7d`; also `500ms`) in ms, or null. */
export function durationMs(text: string): number | null {
  const match = DURATION.exec(text);
  if (match === null) return null;
  const unit = Object.entries(UNIT_MS).find(([name]) => name === match[2])?.[1];
  return unit === undefined ? null : Number(match[1]) * unit;
}

export const duration = z.string().transform((text, context) => {
  const ms = durationMs(text);
  if (ms !== null && ms > 0 && ms <= MAX_DURATION_MS) return ms;
  context.addIssue({
    code: "custom",
    message: "expected a time span such as 30s, 5m, 1h or 7d, at most 90d",
  });
  return z.NEVER;
});

const SIGMA_TIMESPAN = /^\d{1,9}(?:ms|[smhdw])$/;

/** Sigma's `timespan`: whole seconds, minutes, hours, days or weeks; also milliseconds, which Sigma does not have. */
export const timespan = z.string().transform((text, context) => {
  const days = /^(\d+)w$/.exec(text);
  const ms = SIGMA_TIMESPAN.test(text) ? durationMs(days === null ? text : `${Number(days[1]) * 7}d`) : null;
  if (ms !== null && ms > 0 && ms <= MAX_DURATION_MS) return ms;
  context.addIssue({
    code: "custom",
    message: "expected a time span such as 30s, 5m, 1h, 7d or 2w, at most 90d",
  });
  return z.NEVER;
});
