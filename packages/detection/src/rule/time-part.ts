import type { TimePart } from "./sigma-value.ts";

const WRITTEN = /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2}))?/;
const DAY_MS = 86_400_000;

/** A part of a date as it is written (ISO 8601; no time zone is converted), or null. Weeks are those of ISO 8601. */
export function timePart(text: string, part: TimePart): number | null {
  const match = WRITTEN.exec(text);
  if (match === null) return null;
  const [year = 0, month = 0, day = 0] = match.slice(1, 4).map(Number);
  if (part === "year") return year;
  if (part === "month") return month;
  if (part === "day") return day;
  if (part === "week") return weekOf(year, month, day);
  const written = part === "hour" ? match[4] : match[5];
  return written === undefined ? null : Number(written);
}

/** The week of the year that holds the Thursday of this day's week. */
function weekOf(year: number, month: number, day: number): number {
  const date = new Date(Date.UTC(year, month - 1, day));
  const thursday = date.getTime() + (4 - (date.getUTCDay() || 7)) * DAY_MS;
  const newYear = Date.UTC(new Date(thursday).getUTCFullYear(), 0, 1);
  return Math.floor((thursday - newYear) / DAY_MS / 7) + 1;
}
