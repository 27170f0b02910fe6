/** A text in its plain form, and where each of its characters stood. */
export interface Folded {
  text: string;
  /** The place in the original text of a place in the plain one; its end included. */
  placeOf(at: number): number;
}

/** Characters that are drawn as nothing. The first one joins the letter before it, so it stands alone here. */
const INVISIBLE =
  /\u034f|[\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]|[\ufe00-\ufe0f]|[\u{e0000}-\u{e007f}]/u;
/** Those, and letters and signs in forms that NFKC makes plain: fullwidth, mathematical, circled. */
const FOLDABLE =
  /\u034f|[\u00ad\u061c\u115f\u1160\u180e\u2000-\u206f\u2100-\u214f\u2460-\u24ff\u3002\ufe50-\ufe6f\ufeff\uff00-\uffef]|[\ufe00-\ufe0f]|[\u{1d400}-\u{1d7ff}\u{1f100}-\u{1f1ff}\u{e0000}-\u{e007f}]/u;
const DEFANGED = /\[\.\]|\(\.\)|\{\.\}|\[@\]|\(@\)|\[:\]|hxxp/i;
const REPLACED: Readonly<Record<string, string>> = {
  "\u2024": ".",
  "\u3002": ".",
  "\uff0e": ".",
  "\uff61": ".",
};

/** ASCII that opens no bracket. */
function isItself(code: number): boolean {
  return code < 128 && code !== 40 && code !== 91 && code !== 123; // ( [ {
}

/** The plain form, or null when the text is plain already: as nearly all are. */
export function folded(text: string): Folded | null {
  const strange = FOLDABLE.test(text);
  if (!strange && !DEFANGED.test(text)) return null;
  const places: number[] = [];
  let plain = "";
  for (let at = 0; at < text.length; ) {
    const from = at;
    for (; at < text.length && isItself(text.charCodeAt(at)); at += 1) places.push(at);
    if (at > from) {
      plain += text.slice(from, at);
      continue;
    }
    const char = String.fromCodePoint(text.codePointAt(at) ?? 0);
    const next = at + char.length;
    const bracketed = "[({".includes(char)
      ? /^[[({]([.@:])[\])}]/.exec(text.slice(at, at + 3))?.[1]
      : undefined;
    if (bracketed !== undefined) {
      plain += bracketed;
      places.push(at);
      at += 3;
      continue;
    }
    const code = char.codePointAt(0) ?? 0;
    if (code > 127 && INVISIBLE.test(char)) {
      at = next;
      continue;
    }
    const kept = REPLACED[char] ?? (code < 128 || !FOLDABLE.test(char) ? char : char.normalize("NFKC"));
    for (let each = 0; each < kept.length; each += 1) places.push(at);
    plain += kept;
    at = next;
  }
  places.push(text.length);
  return {
    text: plain.replace(/hxxp(?=s?:\/\/)/gi, "http"),
    placeOf: (at) => places[Math.min(at, places.length - 1)] ?? text.length,
  };
}
