// C0 and C1 controls, zero-width and bidirectional marks, line and paragraph separators, tags: they reorder, hide or drive a terminal.
const INVISIBLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/** Captured text on one line, with what can't be seen written as ⟨U+202E⟩, and cut to `maxChars`. */
export function visibleText(text: string, maxChars: number): string {
  const visible = text.replace(
    INVISIBLE,
    (character) => `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`,
  );
  return visible.length <= maxChars ? visible : `${visible.slice(0, maxChars - 1)}…`;
}
