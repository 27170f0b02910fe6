import { clip, visible } from "./visible.ts";

const MAX_LINE_CHARS = 4_000; // more on one line is unreadable on any terminal; `--json` has all of it
const MAX_BLOCK_CHARS = 100_000; // about 1,000 lines

/** Captured text for one line of a terminal: no escape sequence, no line break, no bidi override survives. */
export function terminalLine(text: string, maxChars = MAX_LINE_CHARS): string {
  return visible(clip(text, maxChars));
}

/** Captured text as a block: line feeds and tabs stay, each line is indented so that it can't pass for our own output. */
export function terminalBlock(text: string, indent = "  │ ", maxChars = MAX_BLOCK_CHARS): string {
  return visible(clip(text, maxChars), { lines: true })
    .split("\n")
    .map((line) => `${indent}${line}`)
    .join("\n");
}
