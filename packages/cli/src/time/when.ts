/** A point in time as a person types it, in the machine's own time zone. */

const DAY_NAMES = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"] as const;
const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

export const WHEN_HELP =
  "2h, 30m, 3d (ago), now, today, yesterday, tuesday (the latest one), last tuesday (before today), " +
  "tuesday 14:30, 14:30 (today), 2026-11-17, 2026-11-17T14:30, or with a zone: 2026-11-17T14:30:00Z";

/**
 * Parses `text` relative to `now`. A day without a time is its start as `since` and its end as `until`, so that
 * `--since tuesday --until tuesday` is that whole day.
 * @returns RFC 3339 in UTC with milliseconds, or null when the text is not understood
 */
export function parseWhen(text: string, edge: "since" | "until", now: Date): string | null {
  const words = text.trim().toLowerCase().replaceAll(/\s+/g, " ");
  return (instant(text.trim(), words, now) ?? day(words, edge, now))?.toISOString() ?? null;
}

function instant(text: string, words: string, now: Date): Date | null {
  if (words === "now") return now;
  const ago = /^(\d{1,6}) ?([smhdw])(?: ago)?$/.exec(words);
  if (ago !== null) return new Date(now.getTime() - Number(ago[1]) * (UNIT_MS[ago[2] ?? ""] ?? 0));
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?$/i.test(text)) {
    const parsed = new Date(text.toUpperCase());
    return realDay(text) && !Number.isNaN(parsed.getTime()) ? parsed : null;
  }
  return null;
}

/** A day by name or date, perhaps with a time; or a time alone, which is today's. */
function day(words: string, edge: "since" | "until", now: Date): Date | null {
  const match = /^(.*?) ?(?:at )?(?:(\d{1,2}):(\d\d)(?::(\d\d))?)?$/.exec(words);
  const name = match?.[1] ?? "";
  const hasTime = match?.[2] !== undefined;
  const start = name === "" && hasTime ? midnight(now, 0) : dayStart(name, now);
  if (start === null) return null;
  if (!hasTime) return edge === "since" ? start : midnight(start, 1);
  const [hours, minutes, seconds] = [match?.[2], match?.[3], match?.[4] ?? "0"].map(Number);
  if (hours === undefined || minutes === undefined || seconds === undefined) return null;
  if (hours > 23 || minutes > 59 || seconds > 59) return null;
  return new Date(start.getFullYear(), start.getMonth(), start.getDate(), hours, minutes, seconds);
}

function dayStart(name: string, now: Date): Date | null {
  if (name === "today") return midnight(now, 0);
  if (name === "yesterday") return midnight(now, -1);
  if (/^\d{4}-\d\d-\d\d$/.test(name)) {
    if (!realDay(name)) return null;
    const [year = 0, month = 1, date = 1] = name.split("-").map(Number);
    return new Date(year, month - 1, date);
  }
  const last = name.startsWith("last ");
  const wanted = last ? name.slice(5) : name;
  const index = wanted.length < 3 ? -1 : DAY_NAMES.findIndex((dayName) => dayName.startsWith(wanted));
  if (index === -1) return null;
  const back = (now.getDay() - index + 7) % 7;
  return midnight(now, -(last && back === 0 ? 7 : back));
}

/** Midnight of the day `days` after `from`, by the calendar: a day of 23 or 25 hours is still one day. */
function midnight(from: Date, days: number): Date {
  return new Date(from.getFullYear(), from.getMonth(), from.getDate() + days);
}

/** Refuses 2026-02-30, which Date would take for March. */
function realDay(text: string): boolean {
  const [year = 0, month = 0, date = 0] = text.slice(0, 10).split("-").map(Number);
  const made = new Date(Date.UTC(year, month - 1, date));
  return made.getUTCMonth() === month - 1 && made.getUTCDate() === date;
}
