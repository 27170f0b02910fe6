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

/** A list's texts in lower case. */
export interface LoweredList {
  readonly texts: readonly string[];
  /** All of them, with a NUL between them: what holds no NUL and is in it is in one of them. Null where they are long. */
  readonly together: string | null;
}

const MAX_TOGETHER_CHARS = 16 * 1024;
const NONE: LoweredList = { texts: [], together: null };
const LIST_SLOTS = 6; // all arguments, those of a few names, effects
const lists = new Array<readonly string[]>(LIST_SLOTS).fill([]);
const loweredLists = new Array<LoweredList>(LIST_SLOTS).fill(NONE);
let next = 0;

/**
 * As `lowerCase`, of each text's first `chars`. A record's lists are the same objects while its rules are asked one after
 * the other, and nobody changes them.
 */
export function lowerCaseOf(list: readonly string[], chars: number): LoweredList {
  for (let slot = 0; slot < LIST_SLOTS; slot += 1)
    if (lists[slot] === list) return loweredLists[slot] ?? NONE;
  const texts = list.map((text) => (text.length > chars ? text.slice(0, chars) : text).toLowerCase());
  let length = 0;
  for (const text of texts) length += text.length + 1;
  const lowered = { texts, together: length > MAX_TOGETHER_CHARS ? null : texts.join("\0") };
  lists[next] = list;
  loweredLists[next] = lowered;
  next = (next + 1) % LIST_SLOTS;
  return lowered;
}
