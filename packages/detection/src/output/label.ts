const MAX_LABEL_CHARS = 48;
const MAX_LABEL_SPACES = 5;
const MAX_ROLE_CHARS = 400; // a node of a page's snapshot: its name stands before the colon

export interface Label {
  name: string;
  /** Where the value begins; the end of the line when there is none on it. */
  valueFrom: number;
}

/**
 * The label of a line `Label: value` or `label = value`, else null. A label is short, has no end of a sentence in it, and
 * white space behind its colon: `10:30`, `https://…` and "and then, please: …" are none.
 */
export function labelIn(text: string, from: number, to: number): Label | null {
  const limit = Math.min(to, from + MAX_LABEL_CHARS);
  let spaces = 0;
  for (let at = from; at < limit; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 58 /* : */ || code === 0xff1a) {
      if (at === from) return null;
      let next = at + 1;
      while (next < to && "*_\"'`".includes(text.charAt(next)) && closesEmphasis(text, from, next)) next += 1;
      if (code === 58 && next < to && text.charCodeAt(next) > 32) {
        if (text.charCodeAt(next) === 47) return null;
        continue;
      }
      return { name: nameOf(text, from, at), valueFrom: skipSpace(text, next, to) };
    }
    if (code === 61 /* = */) {
      if (spaces > 1 || at === from || text.charCodeAt(at + 1) === 61 || !isIdentifier(text, from, at))
        return null;
      return { name: nameOf(text, from, at), valueFrom: skipSpace(text, at + 1, to) };
    }
    if (code === 32 || code === 9) {
      spaces += 1;
      if (spaces > MAX_LABEL_SPACES) return null;
    } else if (
      (code === 46 || code === 44 || code === 33 || code === 63 || code === 59) &&
      text.charCodeAt(at + 1) <= 32
    )
      return null;
    else if (code === 123 || code === 125 || code === 60 || code === 62 || code === 124)
      return null; // { } < > |
    else if (at === from && !begins(code)) return null;
  }
  return null;
}

/** Whether the signs at `at` close what the same signs opened at the line's beginning: `**Label:**`. */
function closesEmphasis(text: string, from: number, at: number): boolean {
  return text.charCodeAt(from) === text.charCodeAt(at);
}

function begins(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    code >= 128 ||
    (code >= 48 && code <= 57) ||
    "\"'`*_$@#[(/.".includes(String.fromCharCode(code))
  );
}

function isIdentifier(text: string, from: number, to: number): boolean {
  return /^[\w.$-]+[ \t]*$/.test(text.slice(from, to));
}

function nameOf(text: string, from: number, to: number): string {
  const name = text.slice(from, to);
  return isLetter(name.charCodeAt(0)) && isLetter(name.charCodeAt(name.length - 1))
    ? name
    : name.replace(/^["'`*_#\s]+|["'`*_\s]{1,8}$/g, "");
}

function isLetter(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90);
}

function skipSpace(text: string, from: number, to: number): number {
  let at = from;
  while (at < to && text.charCodeAt(at) <= 32) at += 1;
  return at;
}

/** What begins a list's item: `- `, `* `, `• `, `3. `, `3) `. */
export interface Marker {
  contentFrom: number;
  /** Of a numbered item, else -1. */
  number: number;
}

export function markerIn(text: string, from: number, to: number): Marker | null {
  const code = text.charCodeAt(from);
  if (code === 45 || code === 42 || code === 43 || code === 0x2022 || code === 0x25aa || code === 0x25e6) {
    if (from + 1 < to && text.charCodeAt(from + 1) > 32) return null;
    return { contentFrom: skipSpace(text, from + 1, to), number: -1 };
  }
  if (code < 48 || code > 57) return null;
  let at = from;
  let number = 0;
  for (; at < to && at < from + 4; at += 1) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) break;
    number = number * 10 + digit;
  }
  const sign = text.charCodeAt(at);
  if ((sign !== 46 && sign !== 41) || text.charCodeAt(at + 1) > 32) return null;
  return { contentFrom: skipSpace(text, at + 1, to), number };
}

const NODE = /[a-z]{3,24}(?: "|(?: \/.{1,400}\/)? \[|:)/y;

/**
 * A node of a page's accessibility snapshot, without its marker: `link "Foo" [ref=e12]: text`. Its role and name are the
 * label. Null when the line is none.
 */
export function nodeIn(
  text: string,
  from: number,
  to: number,
): { role: string; name: string; valueFrom: number } | null {
  NODE.lastIndex = from;
  if (!NODE.test(text) || NODE.lastIndex > to) return null;
  const limit = Math.min(to, from + MAX_ROLE_CHARS);
  let role = from;
  while (role < limit && text.charCodeAt(role) > 32 && text.charCodeAt(role) !== 58) role += 1;
  let at = role;
  let name = "";
  if (text.startsWith(' "', at)) {
    let end = at + 2;
    while (end < limit && text.charCodeAt(end) !== 34) end += text.charCodeAt(end) === 92 ? 2 : 1;
    name = text.slice(at + 2, Math.min(end, limit));
    at = end + 1;
  }
  while (at < limit && text.startsWith(" [", at)) {
    const close = text.slice(at, limit).indexOf("]");
    if (close < 0) break;
    at += close + 1;
  }
  if (at < to && text.charCodeAt(at) !== 58) return null;
  return { role: text.slice(from, role), name, valueFrom: skipSpace(text, Math.min(at + 1, to), to) };
}
