/**
 * Everything that does not show as itself: controls, lone surrogates, private use, line separators, format characters
 * (bidi overrides and isolates, zero-width characters, tags, soft hyphens) and whatever else Unicode lets a renderer ignore.
 */
const HIDDEN = /[\p{Cc}\p{Cs}\p{Co}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

const ZERO_WIDTH_JOINER = 0x200d;
const EMOJI_PRESENTATION = 0xfe0f;
const DELETE = 0x7f;
// Their names and not the pictures that Unicode has for them, which many fonts lack.
const CONTROL_NAMES = [
  "NUL",
  "SOH",
  "STX",
  "ETX",
  "EOT",
  "ENQ",
  "ACK",
  "BEL",
  "BS",
  "TAB",
  "LF",
  "VT",
  "FF",
  "CR",
  "SO",
  "SI",
  "DLE",
  "DC1",
  "DC2",
  "DC3",
  "DC4",
  "NAK",
  "SYN",
  "ETB",
  "CAN",
  "EM",
  "SUB",
  "ESC",
  "FS",
  "GS",
  "RS",
  "US",
];

export interface VisibleOptions {
  /** Keep line feeds and tabs, for text shown as a block; default: they become ⟨LF⟩ and ⟨TAB⟩, so that a text can't fake a line. */
  lines?: boolean;
}

/**
 * The text with every hidden character made visible: controls by name (⟨ESC⟩ ⟨NUL⟩ ⟨CR⟩), the others as ⟨U+202E⟩.
 * The result holds no control or format character but (with `lines`) line feed and tab, and the two that join an emoji.
 */
export function visible(text: string, options: VisibleOptions = {}): string {
  return text.replace(HIDDEN, (character, offset: number) => {
    const code = character.codePointAt(0) ?? 0;
    if (options.lines === true && (character === "\n" || character === "\t")) return character;
    const control = code === DELETE ? "DEL" : CONTROL_NAMES[code];
    if (control !== undefined) return `⟨${control}⟩`;
    if (joinsAnEmoji(text, code, offset)) return character;
    return `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
}

/** Whether this joiner or variation selector is part of an emoji, where it is harmless and common. */
function joinsAnEmoji(text: string, code: number, offset: number): boolean {
  if (code === EMOJI_PRESENTATION) return /[\p{Extended_Pictographic}#*0-9]$/u.test(before(text, offset));
  if (code !== ZERO_WIDTH_JOINER) return false;
  return (
    /\p{Extended_Pictographic}(?:\p{Emoji_Modifier}|\uFE0F)?$/u.test(before(text, offset)) &&
    /^\p{Extended_Pictographic}/u.test(text.slice(offset + 1, offset + 3))
  );
}

function before(text: string, offset: number): string {
  return text.slice(Math.max(0, offset - 4), offset);
}

/** The first `max` characters (not cutting a surrogate pair), and how many were left out. */
export function clip(text: string, max: number): string {
  if (text.length <= max) return text;
  const end = /[\uD800-\uDBFF]/.test(text.charAt(max - 1)) ? max - 1 : max;
  return `${text.slice(0, end)}… (${(text.length - end).toLocaleString("en-US")} more characters)`;
}
