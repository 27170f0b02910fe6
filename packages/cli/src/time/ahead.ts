/** A point in time to come, as a person types it, in the machine's own time zone. */

const UNIT_MS: Readonly<Record<string, number>> = {
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

export const AHEAD_HELP =
  "30m, 8h, 7d, 4w (from now), 2026-12-01 (until that day begins), or 2026-12-01T08:00:00Z";

/** @returns RFC 3339 in UTC with milliseconds; null when the text is not understood, or names a time that has passed */
export function parseAhead(text: string, now: Date): string | null {
  const at = instant(text.trim(), now);
  return at === null || Number.isNaN(at.getTime()) || at <= now ? null : at.toISOString();
}

function instant(text: string, now: Date): Date | null {
  const span = /^(\d{1,5}) ?([mhdw])$/i.exec(text);
  if (span !== null) {
    return new Date(now.getTime() + Number(span[1]) * (UNIT_MS[span[2]?.toLowerCase() ?? ""] ?? 0));
  }
  const day = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (day !== null) {
    const [year = 0, month = 1, date = 1] = day.slice(1).map(Number);
    const start = new Date(year, month - 1, date);
    return start.getMonth() === month - 1 && start.getDate() === date ? start : null; // not 2026-02-30
  }
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?$/i.test(text)
    ? new Date(text)
    : null;
}
