const ISO_CHARS = 24; // 2026-11-21T09:30:00.123Z
const MINUTE_CHARS = 17; // with the colon
const MINUTE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:$/;
let minute = "?"; // the last one seen, and when it began: a pure function's memory
let minuteMs = Number.NaN;

/** As `Date.parse`, in a tenth of the time for the form in which records have it: this runs for every record. */
export function timeOf(iso: string): number {
  if (iso.length !== ISO_CHARS || iso[23] !== "Z" || iso[19] !== ".") return Date.parse(iso);
  if (!iso.startsWith(minute)) {
    const begun = iso.slice(0, MINUTE_CHARS);
    const ms = MINUTE.test(begun) ? Date.parse(`${begun}00.000Z`) : Number.NaN;
    if (Number.isNaN(ms)) return Date.parse(iso);
    minute = begun;
    minuteMs = ms;
  }
  const second = digit(iso, 17) * 10 + digit(iso, 18);
  const ms = digit(iso, 20) * 100 + digit(iso, 21) * 10 + digit(iso, 22);
  return second < 60 && ms < 1000 ? minuteMs + second * 1000 + ms : Date.parse(iso);
}

/** NaN for what is none. */
function digit(text: string, at: number): number {
  const value = text.charCodeAt(at) - 48;
  return value >= 0 && value <= 9 ? value : Number.NaN;
}
