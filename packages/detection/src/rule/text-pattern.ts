/** `*` of a value: any characters. */
export const MANY: unique symbol = Symbol("*");
/** `?` of a value: one character. */
export const ONE: unique symbol = Symbol("?");

/** A value of Sigma in its parts; two texts never stand side by side. None: the empty text. */
export type TextPattern = readonly TextPart[];
export type TextPart = string | typeof MANY | typeof ONE;

/**
 * Reads a value as Sigma has it: `*` and `?` are wildcards, `\` before them or before another `\` takes them literally,
 * any other `\` is itself.
 */
export function parsePattern(value: string): TextPattern {
  const parts: TextPart[] = [];
  let text = "";
  for (let at = 0; at < value.length; at += 1) {
    const char = value[at] ?? "";
    const next = value[at + 1];
    if (char === "\\" && (next === "*" || next === "?" || next === "\\")) {
      text += next;
      at += 1;
    } else if (char === "*" || char === "?") {
      if (text !== "") parts.push(text);
      text = "";
      parts.push(char === "*" ? MANY : ONE);
    } else text += char;
  }
  if (text !== "") parts.push(text);
  return parts;
}

/** The text that the pattern is, when it has no wildcards. */
export function plainText(pattern: TextPattern): string | null {
  if (pattern.length === 0) return "";
  const [only] = pattern;
  return pattern.length === 1 && typeof only === "string" ? only : null;
}

/** The text that the pattern looks for anywhere, when that is all that it says. */
export function containedText(pattern: TextPattern): string | null {
  const [before, text, after] = pattern;
  return pattern.length === 3 && before === MANY && after === MANY && typeof text === "string" ? text : null;
}

/** Adds `*` at the beginning or end, where it is not there. */
export function openPattern(pattern: TextPattern, before: boolean, after: boolean): TextPattern {
  const open: TextPart[] = [...pattern];
  if (before && open[0] !== MANY) open.unshift(MANY);
  if (after && open.at(-1) !== MANY) open.push(MANY);
  return open;
}

type Segment = readonly (string | typeof ONE)[];

/**
 * Compiles a test of whole texts. Time is linear in the text for patterns without `?`; with `?` it is the text times the
 * longest run between two `*`, which `field-item.ts` bounds.
 * @param fold applied to the pattern's texts; the caller folds what is tested in the same way
 */
export function patternTest(pattern: TextPattern, fold: (text: string) => string): (text: string) => boolean {
  const plain = plainText(pattern);
  if (plain !== null) {
    const wanted = fold(plain);
    return (text) => text === wanted;
  }
  const segments = segmentsOf(pattern, fold);
  const [first = [], ...others] = segments;
  if (others.length === 0) return (text) => endOf(first, text, 0) === text.length;
  const last = others.pop() ?? [];
  const [only] = others;
  const head = textOf(first);
  const tail = textOf(last);
  if (others.length === 0 && head !== null && tail !== null) {
    if (head === "" && tail === "") return () => true;
    if (tail === "") return (text) => text.startsWith(head);
    if (head === "") return (text) => text.endsWith(tail);
  }
  const inner = only === undefined ? null : textOf(only);
  if (others.length === 1 && head === "" && tail === "" && inner !== null)
    return (text) => text.includes(inner);
  const lastLength = lengthOf(last);
  return (text) => {
    let at = endOf(first, text, 0);
    if (at < 0) return false;
    for (const segment of others) {
      at = find(segment, text, at);
      if (at < 0) return false;
    }
    const start = text.length - lastLength;
    return start >= at && endOf(last, text, start) === text.length;
  };
}

/** What lies between the `*`: one more than there are `*`. */
function segmentsOf(pattern: TextPattern, fold: (text: string) => string): Segment[] {
  const segments: (string | typeof ONE)[][] = [[]];
  for (const part of pattern) {
    if (part === MANY) segments.push([]);
    else segments.at(-1)?.push(typeof part === "string" ? fold(part) : part);
  }
  return segments.filter(
    (segment, index) => segment.length > 0 || index === 0 || index === segments.length - 1,
  );
}

function textOf(segment: Segment): string | null {
  const [only] = segment;
  if (only === undefined) return "";
  return segment.length === 1 && typeof only === "string" ? only : null;
}

function lengthOf(segment: Segment): number {
  return segment.reduce((sum, part) => sum + (typeof part === "string" ? part.length : 1), 0);
}

/** Where the segment that begins at `at` ends, or -1. */
function endOf(segment: Segment, text: string, at: number): number {
  let end = at;
  for (const part of segment) {
    if (typeof part === "string") {
      if (!text.startsWith(part, end)) return -1;
      end += part.length;
    } else if (end < text.length) end += 1;
    else return -1;
  }
  return end;
}

/** Where the first occurrence of the segment at or after `from` ends, or -1. The first leaves most for what follows. */
function find(segment: Segment, text: string, from: number): number {
  const plain = textOf(segment);
  if (plain !== null) {
    const at = text.indexOf(plain, from);
    return at < 0 ? -1 : at + plain.length;
  }
  const latest = text.length - lengthOf(segment);
  for (let at = from; at <= latest; at += 1) {
    const end = endOf(segment, text, at);
    if (end >= 0) return end;
  }
  return -1;
}
