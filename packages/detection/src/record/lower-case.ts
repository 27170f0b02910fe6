const SHORT_CHARS = 64; // below it, folding costs less than looking it up
const SLOTS = 16;
const texts = new Array<string>(SLOTS).fill(""); // a pure function's memory: it changes speed and nothing else
const lowered = new Array<string>(SLOTS).fill("");

/** The text in lower case. Many tests look at the same few texts of a record, so the last ones are remembered. */
export function lowerCase(text: string): string {
  if (text.length < SHORT_CHARS) return text.toLowerCase();
  const slot = text.length % SLOTS;
  if (texts[slot] === text) return lowered[slot] ?? "";
  const folded = text.toLowerCase();
  texts[slot] = text;
  lowered[slot] = folded;
  return folded;
}
