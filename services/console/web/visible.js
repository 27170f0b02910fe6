/** The browser's copy of packages/service/src/escape/visible.ts; a test holds the two equal. */

const HIDDEN = /[\p{Cc}\p{Cs}\p{Co}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

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

/** The text with every hidden character made visible; with `lines` line feeds and tabs stay. */
export function visible(text, options = {}) {
  return text.replace(HIDDEN, (character, offset) => {
    const code = character.codePointAt(0) ?? 0;
    if (options.lines === true && (character === "\n" || character === "\t")) return character;
    const control = code === 0x7f ? "DEL" : CONTROL_NAMES[code];
    if (control !== undefined) return `⟨${control}⟩`;
    if (joinsAnEmoji(text, code, offset)) return character;
    return `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
}

function joinsAnEmoji(text, code, offset) {
  const before = text.slice(Math.max(0, offset - 4), offset);
  if (code === 0xfe0f) return /[\p{Extended_Pictographic}#*0-9]$/u.test(before);
  if (code !== 0x200d) return false;
  return (
    /\p{Extended_Pictographic}(?:\p{Emoji_Modifier}|\uFE0F)?$/u.test(before) &&
    /^\p{Extended_Pictographic}/u.test(text.slice(offset + 1, offset + 3))
  );
}
