/** A stored time (RFC 3339 in UTC) in the machine's own zone, as `2026-11-21 09:30:00.123`. */
export function localTime(timestamp: string): string {
  const time = new Date(timestamp);
  if (Number.isNaN(time.getTime())) return timestamp;
  const date = [time.getFullYear(), pad(time.getMonth() + 1), pad(time.getDate())].join("-");
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) => pad(part)).join(":");
  return `${date} ${clock}.${pad(time.getMilliseconds(), 3)}`;
}

/** The machine's offset at that moment, as `+01:00`: head of a column of local times. */
export function offsetName(at: Date): string {
  const minutes = -at.getTimezoneOffset();
  const sign = minutes < 0 ? "-" : "+";
  return `${sign}${pad(Math.floor(Math.abs(minutes) / 60))}:${pad(Math.abs(minutes) % 60)}`;
}

/** A length of time as a person reads it: `0.4 ms`, `12 ms`, `3.2 s`, `4 min`. */
export function duration(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  return `${Math.round(ms / 60_000)} min`;
}

function pad(value: number, digits = 2): string {
  return String(value).padStart(digits, "0");
}
