import { visible } from "./visible.ts";

/** What spreadsheets take for a formula, also behind blanks and as full-width forms (OWASP, CSV Injection). */
const FORMULA = /^[\s'"]*[=+\-@|%＝＋－＠]/u;

/**
 * One field of a CSV file (RFC 4180). Text that a spreadsheet would run gets an apostrophe in front; control characters
 * and line breaks are made visible, so that one record is one line. Numbers pass as they are.
 */
export function csvField(value: string | number | boolean | null | undefined): string {
  if (value === null || value === undefined) return "";
  if (typeof value !== "string") return String(value);
  const inert = visible(FORMULA.test(value) ? `'${value}` : value);
  return /[",;]/.test(inert) || inert !== inert.trim() ? `"${inert.replaceAll('"', '""')}"` : inert;
}

/** One line of a CSV file with its CRLF. */
export function csvLine(values: readonly (string | number | boolean | null | undefined)[]): string {
  return `${values.map(csvField).join(",")}\r\n`;
}
