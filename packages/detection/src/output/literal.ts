import { isValueAsKey, joined, type Leaves } from "./leaf.ts";
import { isProse } from "./prose.ts";
import { unescaped } from "./unescape.ts";

const MAX_DEPTH = 64; // deeper nesting is no data: the rest is one leaf
const MAX_NESTED_TEXTS = 2; // JSON in a string inside JSON, once more
const MAX_REPR_CHARS = 512; // of one `<Object …>`
const CONSTANTS = new Set("true false null None True False NaN Infinity undefined nan inf".split(" "));
const NAME = /[A-Za-z_][\w.]{0,80}/y;
const NUMBER = /[-+.]?\d[\w.:+-]{0,80}/y;
const CUT_MARK = /\s*(?:…|\.\.\.|[[(<]{1,2}\s*(?:truncated|cut|output|snip|\.\.\.|…)|truncated\b|⟨cut)/iy;

/** Whether a gateway's mark that it cut the rest stands at `at`. */
export function isCutAt(text: string, at: number): boolean {
  CUT_MARK.lastIndex = at;
  return CUT_MARK.test(text);
}

/** How a text with line breaks inside a string is read. */
export type ReadText = (text: string, path: string, isProse: boolean) => void;

/** Which strings are outputs of their own (the texts of an envelope), and how they are read. */
export interface Wrapped {
  isOutput(path: string): boolean;
  read(text: string): void;
}

/**
 * Reads JSON, and what programs print like it: Python's and JavaScript's literals, constructor calls, several documents
 * in a row. Lenient: text that ends in the middle is read as far as it goes, so that its values stay fields.
 *
 * Records: each element of a list of objects is one; so is each member of a map of like objects. An object that itself
 * holds free text keeps what is below it in its record, but for elements that hold free text of their own (comments):
 * headers and attachments that the text's author may have chosen must not vouch for him.
 * @returns where the literal ends; a negative number when there is none here, which says how many characters were read to
 *   find that out: -1 for none. No leaf was added then
 */
export function readLiteral(
  text: string,
  at: number,
  into: Leaves,
  readText: ReadText,
  path = "",
  wrapped: Wrapped | null = null,
): number {
  return new LiteralReader(text, into, readText, wrapped, 0).read(at, path);
}

class LiteralReader {
  readonly #text: string;
  readonly #leaves: Leaves;
  readonly #readText: ReadText;
  readonly #wrapped: Wrapped | null;
  readonly #nested: number;
  #at = 0;
  #backslash = -1; // the next one at or behind #at, once looked for
  #ended = false; // the text ended, or said that it was cut, inside the literal
  #names = 0; // members and elements met
  #firstKey = ""; // of the object read last
  #hadProse = false; // the value read last was free text

  constructor(text: string, leaves: Leaves, readText: ReadText, wrapped: Wrapped | null, nested: number) {
    this.#text = text;
    this.#leaves = leaves;
    this.#readText = readText;
    this.#wrapped = wrapped;
    this.#nested = nested;
  }

  read(at: number, path: string): number {
    const before = this.#leaves.list.length;
    this.#at = at;
    const whole = this.#value(path, 0);
    const found = this.#leaves.list.length - before;
    // Read in part: only when it was more than chance that it began like a literal.
    const accepted = whole ? found > 0 || this.#at > at + 1 : found >= 3 && this.#names >= 3;
    if (accepted && !(this.#ended && found === 0)) return this.#at;
    this.#leaves.drop(before);
    return -1 - (this.#at - at);
  }

  /** False when what stands here is no value. */
  #value(path: string, depth: number): boolean {
    this.#hadProse = false;
    this.#skipSpace();
    const char = this.#text.charAt(this.#at);
    if (this.#leaves.full || depth > MAX_DEPTH) return this.#rest(path);
    switch (char) {
      case "":
        this.#ended = true;
        return true;
      case "{":
        return this.#object(path, depth, "}");
      case "[":
        return this.#list(path, depth, "]");
      case "(":
        return this.#list(path, depth, ")");
      case '"':
      case "'":
        this.#string(path, this.#quoted(char));
        return true;
      case "<":
        return this.#repr(path);
      default:
        return this.#bare(path, depth);
    }
  }

  #object(path: string, depth: number, closing: string): boolean {
    const leaves = this.#leaves;
    const own = leaves.record;
    const start = leaves.list.length;
    const allocated = leaves.records;
    const members: { from: number; to: number; record: number; firstKey: string }[] = [];
    let scalars = 0;
    let holdsProse = false;
    let firstKey = "";
    this.#at += 1;
    let fine = true;
    for (;;) {
      this.#skipCommas();
      if (this.#at >= this.#text.length || this.#cut()) break;
      if (this.#text.charAt(this.#at) === closing) {
        this.#at += 1;
        break;
      }
      const key = this.#key();
      if (key === null) {
        fine = false;
        break;
      }
      if (firstKey === "") firstKey = key;
      this.#names += 1;
      const name = joined(path, shortName(key));
      if (isValueAsKey(key) || key.includes(" ")) leaves.add(joined(path, "#key"), key, isProse(key));
      this.#skipSpace();
      const isContainer = "{[".includes(this.#text.charAt(this.#at) || " ");
      const from = leaves.list.length;
      if (isContainer && scalars === 0) leaves.record = leaves.newRecord();
      const record = leaves.record;
      fine = this.#ended || this.#value(name, depth + 1);
      leaves.record = own;
      if (isContainer) members.push({ from, to: leaves.list.length, record, firstKey: this.#firstKey });
      else {
        scalars += 1;
        holdsProse ||= this.#hadProse;
      }
      if (!fine || this.#ended) break;
      if (!this.#separated(closing)) {
        fine = false;
        break;
      }
    }
    if (holdsProse) leaves.mergeFields(own, start);
    else if (leaves.records > allocated && !isMapOfLike(members, scalars)) {
      // Members are parts of this object; lists of records inside them stay apart.
      for (const { from, to, record } of members) {
        for (let at = from; at < to; at += 1) {
          const leaf = leaves.list[at];
          if (leaf !== undefined && leaf.record === record) leaf.record = own;
        }
      }
    }
    this.#firstKey = firstKey;
    this.#hadProse = false;
    return fine;
  }

  #list(path: string, depth: number, closing: string): boolean {
    const leaves = this.#leaves;
    const own = leaves.record;
    const allocated = leaves.records;
    let containers = 0;
    let first = { from: 0, to: 0, record: own };
    let index = 0;
    let fine = true;
    this.#at += 1;
    for (;;) {
      this.#skipCommas();
      if (this.#at >= this.#text.length || this.#cut()) break;
      if (this.#text.charAt(this.#at) === closing) {
        this.#at += 1;
        break;
      }
      const named = this.#parameter(closing);
      this.#names += 1;
      const char = this.#text.charAt(this.#at);
      const isContainer = char === "{" || char === "[" || char === "(" || isNameStart(char);
      const from = leaves.list.length;
      if (isContainer) leaves.record = leaves.newRecord();
      const record = leaves.record;
      fine = this.#value(joined(path, named ?? index), depth + 1);
      leaves.record = own;
      const to = leaves.list.length;
      if (isContainer && to > from) {
        containers += 1;
        if (containers === 1) first = { from, to, record };
        else {
          // Two and more: a list of records, and what is nested in one belongs to it.
          if (containers === 2) this.#unite(first.record, path, first.from, first.to);
          this.#unite(record, path, from, to);
        }
      }
      index += 1;
      if (!fine || this.#ended) break;
      if (!this.#separated(closing)) {
        fine = false;
        break;
      }
    }
    if (closing === ")" && leaves.records > allocated) leaves.merge(own, first.from);
    this.#firstKey = "[";
    this.#hadProse = false;
    return fine;
  }

  #unite(record: number, path: string, from: number, to: number): void {
    if (this.#wrapped?.isOutput(`${path}.0.text`) === true) return; // contents hold records; they are none
    this.#leaves.merge(record, from, to);
  }

  /** `name=` of a constructor's argument; null for a plain element. */
  #parameter(closing: string): string | null {
    if (closing !== ")") return null;
    const name = this.#match(NAME);
    if (name === "") return null;
    if (this.#text.charAt(this.#at + name.length) !== "=") return null;
    this.#at += name.length + 1;
    return name;
  }

  #key(): string | null {
    const start = this.#at;
    const char = this.#text.charAt(start);
    let key: string;
    if (char === '"' || char === "'") key = this.#quoted(char);
    else {
      key = this.#match(NAME) || this.#match(NUMBER);
      if (key === "") return null;
      this.#at += key.length;
    }
    this.#skipSpace();
    const sign = this.#text.charAt(this.#at);
    if (sign === "") {
      this.#ended = true;
      return key;
    }
    if (sign === ":") {
      this.#at += 1;
      return key;
    }
    if (sign === "=") {
      this.#at += this.#text.charAt(this.#at + 1) === ">" ? 2 : 1;
      return key;
    }
    if (this.#cut()) return key;
    this.#at = start; // what stands here is no name: whoever reads on reads it
    return null;
  }

  #bare(path: string, depth: number): boolean {
    const number = this.#match(NUMBER);
    if (number !== "") {
      this.#at += number.length;
      this.#leaves.add(path, number, false);
      return true;
    }
    const name = this.#match(NAME);
    if (name === "") return this.#cut();
    const behind = this.#text.charAt(this.#at + name.length);
    if (CONSTANTS.has(name)) {
      this.#at += name.length;
      return true;
    }
    if (behind === "(") {
      this.#at += name.length;
      return this.#list(path, depth + 1, ")");
    }
    if ((behind === '"' || behind === "'") && name.length <= 2) {
      this.#at += name.length;
      this.#string(path, this.#quoted(behind));
      return true;
    }
    return this.#cut();
  }

  /** `<Status.OPEN: 'open'>`, `<Thing at 0x7f…>`. */
  #repr(path: string): boolean {
    const end = this.#text.slice(this.#at, this.#at + MAX_REPR_CHARS).indexOf(">");
    if (end < 0 || this.#cut()) return this.#cut();
    this.#leaves.add(path, this.#text.slice(this.#at, this.#at + end + 1), false);
    this.#at += end + 1;
    return true;
  }

  /** The content of the string that begins here; up to the end of the text when it was cut. */
  #quoted(quote: string): string {
    const text = this.#text;
    const from = this.#at + 1;
    let end = text.indexOf(quote, from);
    if (this.#backslash < from && this.#backslash !== text.length) {
      this.#backslash = text.indexOf("\\", from);
      if (this.#backslash < 0) this.#backslash = text.length;
    }
    const escaped = this.#backslash < (end < 0 ? text.length : end);
    while (escaped && end >= 0 && isEscaped(text, end, from)) end = text.indexOf(quote, end + 1);
    if (end < 0) {
      this.#ended = true;
      end = text.length;
    }
    this.#at = Math.min(end + 1, text.length);
    return escaped ? unescaped(text.slice(from, end)) : text.slice(from, end);
  }

  #string(path: string, value: string): void {
    if (this.#wrapped?.isOutput(path) === true) {
      const { record } = this.#leaves;
      this.#wrapped.read(value);
      this.#leaves.record = record;
      this.#hadProse = false;
      return;
    }
    if (this.#nested < MAX_NESTED_TEXTS && beginsLiteral(value)) {
      const before = this.#leaves.list.length;
      const end = new LiteralReader(value, this.#leaves, this.#readText, null, this.#nested + 1).read(
        0,
        path,
      );
      if (end >= 0 && value.slice(end).trim() === "") return;
      this.#leaves.drop(before);
    }
    this.#hadProse = isProse(value);
    if (value.includes("\n")) this.#readText(value, path, this.#hadProse);
    else this.#leaves.add(path, value, this.#hadProse);
  }

  /** What lies too deep or behind the last leaf, as one: nobody knows what it is, so nobody vouches for it. */
  #rest(path: string): boolean {
    const rest = this.#text.slice(this.#at);
    this.#leaves.add(path, rest, true);
    this.#at = this.#text.length;
    this.#ended = true;
    return true;
  }

  /** Whether a value is followed by what may follow it. */
  #separated(closing: string): boolean {
    this.#skipSpace();
    const char = this.#text.charAt(this.#at);
    return char === "," || char === closing || char === "" || this.#cut();
  }

  #cut(): boolean {
    if (this.#ended) return true;
    if (!isCutAt(this.#text, this.#at)) return false;
    this.#ended = true;
    return true;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#text)?.[0] ?? "";
  }

  #skipSpace(): void {
    while (this.#text.charCodeAt(this.#at) <= 32) this.#at += 1;
  }

  #skipCommas(): void {
    for (let code = this.#text.charCodeAt(this.#at); code <= 32 || code === 44; ) {
      this.#at += 1;
      code = this.#text.charCodeAt(this.#at);
    }
  }
}

function isMapOfLike(members: readonly { firstKey: string }[], scalars: number): boolean {
  const [first] = members;
  if (first === undefined || members.length < 2 || scalars > 0 || first.firstKey === "") return false;
  return members.every(({ firstKey }) => firstKey === first.firstKey) && first.firstKey !== "[";
}

const MAX_NAME_CHARS = 160; // of a member, in a path

function shortName(key: string): string {
  return key.length > MAX_NAME_CHARS ? key.slice(0, MAX_NAME_CHARS) : key;
}

function isNameStart(char: string): boolean {
  return /[A-Za-z_]/.test(char);
}

/** Whether an odd number of backslashes stands before `at`. */
function isEscaped(text: string, at: number, from: number): boolean {
  let before = at - 1;
  while (before >= from && text.charCodeAt(before) === 92) before -= 1;
  return (at - before) % 2 === 0;
}

/** Whether a text may be JSON, or its beginning. */
export function beginsLiteral(text: string): boolean {
  const at = text.charCodeAt(0) <= 32 ? text.search(/\S/) : 0;
  const char = text.charAt(at);
  if (char !== "{" && char !== "[") return false;
  const next = /\S/.exec(text.slice(at + 1, at + 64))?.[0];
  return next !== undefined && `{}["'(-0123456789`.includes(next);
}
