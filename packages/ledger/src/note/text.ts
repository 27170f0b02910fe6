/** UTF-8 as notes need it: what is not UTF-8 is refused, and a byte order mark is a character like any other. */

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function encodeText(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Null when the bytes are not UTF-8. */
export function decodeText(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null; // `fatal` throws a TypeError for exactly this
  }
}

/** Whether a note can hold this text: no control character below U+0020 other than newline, no lone surrogate. */
export function isNoteCharacters(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x20 && code !== 0x0a) return false;
  }
  return text.isWellFormed();
}
