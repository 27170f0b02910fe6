import { Buffer } from "node:buffer";

const BYTE_ORDER_MARK = "\ufeff";

/** UTF-16 as text: each character beside a NUL. Null where a character is not ASCII and the bytes would be no text. */
export function asUtf16(text: string, order: "little" | "big"): string | null {
  let wide = "";
  for (const char of text) {
    if (char > "\u007f") return null;
    wide += order === "little" ? `${char}\u0000` : `\u0000${char}`;
  }
  return wide;
}

export function withByteOrderMark(wide: string): string {
  return BYTE_ORDER_MARK + wide;
}

/** A byte order mark at the front stands for FF FE, as `asUtf16` and `withByteOrderMark` leave it. */
function bytesOf(text: string): Buffer {
  if (!text.startsWith(`${BYTE_ORDER_MARK}`)) return Buffer.from(text, "utf8");
  return Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text.slice(1), "utf8")]);
}

export function asBase64(text: string): string {
  return bytesOf(text).toString("base64");
}

const START_CHARS = [0, 2, 3]; // characters that the bytes before spoil
const END_CHARS = [0, 3, 2]; // characters, with padding, that the bytes after spoil

/** What is certain of the Base64 of a longer text that holds `text` at an offset of 0, 1 or 2 bytes. */
export function asBase64AtOffsets(text: string): string[] {
  const bytes = bytesOf(text);
  return START_CHARS.map((start, offset) => {
    const whole = Buffer.concat([Buffer.alloc(offset, " "), bytes]).toString("base64");
    return whole.slice(start, whole.length - (END_CHARS[(bytes.length + offset) % 3] ?? 0));
  });
}

const DASHES = ["-", "/", "\u2013", "\u2014", "\u2015"];
const OPTION_DASH = /\B[-/]\b/g;
export const MAX_DASHES = 3; // 125 texts; pySigma's bound as well

export function optionDashes(text: string): number {
  return text.match(OPTION_DASH)?.length ?? 0;
}

/** All ways to write a command line's options: five to the power of `optionDashes`. */
export function withAllDashes(text: string): string[] {
  const [first = "", ...others] = text.split(OPTION_DASH);
  return others.reduce<string[]>(
    (texts, piece) => texts.flatMap((each) => DASHES.map((dash) => `${each}${dash}${piece}`)),
    [first],
  );
}
