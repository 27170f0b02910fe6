import { EPOCH, ZERO_UUID } from "../sql/row.ts";

/** Whether a value survives its column exactly. What does not goes into `detail`, beside the columns. */

/** Text that the column keeps: the empty text there means absent, lone surrogates have no UTF-8. */
export function isStorableText(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.isWellFormed();
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function isStorableUuid(value: unknown): value is string {
  return typeof value === "string" && value !== ZERO_UUID && UUID.test(value);
}

const HASH = /^[0-9a-f]{64}$/;
export const ZERO_HASH = "0".repeat(64);

export function isStorableHash(value: unknown): value is string {
  return typeof value === "string" && value !== ZERO_HASH && HASH.test(value);
}

const SALT = /^[0-9a-f]{32}$/;
export const ZERO_SALT = "0".repeat(32);

/** 16 bytes as hex. */
export function isStorableSalt(value: unknown): value is string {
  return typeof value === "string" && value !== ZERO_SALT && SALT.test(value);
}

export function isStorableCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0 && !Object.is(value, -0);
}

/** The value in units of 1/scale, or null when that is not exactly the value. */
export function scaled(value: unknown, scale: number): number | null {
  if (typeof value !== "number") return null;
  const units = Math.round(value * scale);
  return isStorableCount(units) && units / scale === value ? units : null;
}

export function isStorableList(value: unknown): value is string[] {
  return Array.isArray(value) && value.length > 0 && value.every(isStorableText);
}

const TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.\d{3}Z$/;
const FIRST_YEAR = 1970;
const LAST_YEAR = 2199; // well inside what DateTime64 and its index can hold

/** RFC 3339 with milliseconds that names a real moment of the epoch; the schema also lets 2026-13-45 through. */
export function isStorableTime(value: unknown): value is string {
  if (typeof value !== "string" || value === EPOCH) return false;
  const match = TIME.exec(value);
  if (match === null) return false;
  const year = Number(match[1]);
  const month = Number(match[2]);
  const day = Number(match[3]);
  if (year < FIRST_YEAR || year > LAST_YEAR || month < 1 || month > 12 || day < 1) return false;
  if (Number(match[4]) > 23 || Number(match[5]) > 59 || Number(match[6]) > 59) return false;
  return day <= 28 || day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}
