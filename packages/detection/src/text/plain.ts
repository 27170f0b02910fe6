import { detached } from "./detached.ts";

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+/g;

/** Captured text for one line of an alert: control and direction characters gone, cut to `max` characters. */
export function plain(text: string, max: number): string {
  const line = (text.length > max * 4 ? text.slice(0, max * 4) : text).replace(UNSAFE, " ").trim();
  if (line.length > max) return detached(`${line.slice(0, max - 1).replace(/[\ud800-\udbff]$/, "")}…`);
  return text.length > max * 4 ? detached(line) : line;
}
