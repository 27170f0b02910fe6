import { labelIn, markerIn, nodeIn } from "./label.ts";
import { isValueAsKey, joined, type Leaves } from "./leaf.ts";
import { isBlank, type Line, NO_LINE } from "./lines.ts";
import { isCutAt, type ReadText, readLiteral } from "./literal.ts";
import { isProse } from "./prose.ts";
import { unescaped } from "./unescape.ts";

const MAX_SIGNATURE = 4; // names of the first record that tell where the next one begins
const MAX_OPEN = 64; // nested keys and items
const MAX_GATHERED_LINES = 4096; // of one value
const BLOCK_SCALAR = /^[|>][+-]?\d?$/;
const RECORD_NODES = new Set("row listitem article treeitem option".split(" "));

/** What the lines of one output have in common. */
export interface FieldContext {
  text: string;
  lines: readonly Line[];
  into: Leaves;
  readText: ReadText;
  path: string;
  /** False inside a value of a record: nothing in it begins another one. */
  mayBegin: boolean;
  /** Whether the lines are nodes of a page's snapshot. */
  nodes: boolean;
  /** First names of the first record, in order. */
  signature: string[];
}

interface Open {
  indent: number;
  name: string;
  isItem: boolean;
}

/** Whether the line begins a field or an item. */
export function isField(text: string, line: Line): boolean {
  return !isBlank(line) && (markerIn(text, line.from, line.to) ?? labelIn(text, line.from, line.to)) !== null;
}

/**
 * Reads lines `label: value`, `- item`, `1. item` and what is indented below them, as YAML and the many formats like it
 * have it; also the nodes of a page's snapshot. An item with lines of its own below it is a record; so is each repetition
 * of the first two labels. The value of a label may go on in indented lines, in quotes, or behind `|`.
 * @returns the first line that is none of this
 */
export function readFields(about: FieldContext, at: number, stopsAt: (at: number) => boolean): number {
  const reader = new FieldReader(about);
  return reader.read(at, stopsAt);
}

class FieldReader {
  readonly #about: FieldContext;
  readonly #open: Open[] = [];
  readonly #own: number;
  readonly #start: number;
  readonly #indices: number[] = [];
  #recordIndent = -1; // of the items that are records
  #labels: string[] = []; // of the record at hand, those not nested

  constructor(about: FieldContext) {
    this.#about = about;
    this.#own = about.into.record;
    this.#start = about.into.list.length;
  }

  read(from: number, stopsAt: (at: number) => boolean): number {
    const { lines, into, mayBegin } = this.#about;
    const base = lines[from]?.indent ?? 0;
    let at = from;
    while (at < lines.length && !into.full) {
      const line = lines[at];
      if (line === undefined) break;
      if (isBlank(line)) {
        const next = this.#nextLine(at);
        const found = lines[next];
        if (found === undefined || (found.indent <= base && !isField(this.#about.text, found))) break;
        at = next;
        continue;
      }
      if (at > from && (line.indent < base || stopsAt(at))) break;
      const next = this.#field(at, base);
      if (next === at) break;
      at = next;
    }
    if (mayBegin && this.#recordIndent >= 0) {
      const written = into.list.slice(this.#start).some(({ record, prose }) => prose && record === this.#own);
      if (written) into.mergeFields(this.#own, this.#start);
    }
    return at;
  }

  #nextLine(at: number): number {
    const { lines } = this.#about;
    let next = at + 1;
    while (next < lines.length && isBlank(lines[next] ?? NO_LINE)) next += 1;
    return next;
  }

  /** Reads the field at this line; returns the line behind it, or the same when it is none. */
  #field(at: number, base: number): number {
    const { text, lines, into } = this.#about;
    const line = lines[at] ?? NO_LINE;
    const marker = markerIn(text, line.from, line.to);
    let from = line.from;
    let indent = line.indent;
    if (marker !== null) {
      this.#closeDown(line.indent, true);
      this.#beginItem(at, line);
      from = marker.contentFrom;
      indent = line.indent + (from - line.from);
      if (from >= line.to) return at + 1;
      const node = this.#about.nodes ? nodeIn(text, from, line.to) : null;
      if (node !== null) return this.#node(node, at, line);
    }
    const label = labelIn(text, from, line.to);
    if (label === null) {
      if (marker === null) {
        if (line.indent <= base) return at;
        const end = this.#gather(at, line.indent - 1, true);
        this.#value(this.#path(), this.#joined(at, end));
        return end;
      }
      const end = this.#gather(at + 1, line.indent, true);
      this.#value(
        this.#path(),
        `${text.slice(from, line.to)}${end > at + 1 ? `\n${this.#joined(at + 1, end)}` : ""}`,
      );
      return end;
    }
    if (marker === null) {
      this.#closeDown(line.indent, false);
      this.#noteLabel(label.name, at, line);
    }
    const path = joined(this.#path(), label.name);
    if (isValueAsKey(label.name)) into.add(`${path}.#key`, label.name, isProse(label.name));
    const value = text.slice(label.valueFrom, line.to);
    if (value === "") {
      const next = lines[this.#nextLine(at)] ?? NO_LINE;
      const nests =
        next.indent > line.indent ||
        (next.indent === line.indent && markerIn(text, next.from, next.to) !== null);
      if (nests && !isBlank(next) && this.#open.length < MAX_OPEN)
        this.#open.push({ indent, name: label.name, isItem: false });
      return at + 1;
    }
    if (BLOCK_SCALAR.test(value)) {
      const end = this.#gather(at + 1, line.indent, false);
      this.#value(path, this.#joined(at + 1, end));
      return end;
    }
    const first = value.charAt(0);
    if (first === "'" || first === '"') {
      const end = this.#endOfQuoted(at, label.valueFrom, line);
      if (end > 0) {
        this.#value(path, unquoted(`${text.slice(label.valueFrom, lines[end - 1]?.to ?? line.to)}`));
        return end;
      }
    }
    if (first === "{" || first === "[") {
      const end = readLiteral(text, label.valueFrom, into, this.#about.readText, path);
      if (end >= 0) return this.#lineBehind(at, end);
    }
    const end = this.#gather(at + 1, indent, true);
    if (end === at + 1) this.#sidesOf(path, value);
    else this.#value(path, `${value}\n${this.#joined(at + 1, end)}`);
    return end;
  }

  #node(
    { role, name, valueFrom }: { role: string; name: string; valueFrom: number },
    at: number,
    line: Line,
  ): number {
    const { text, into, mayBegin } = this.#about;
    if (mayBegin && RECORD_NODES.has(role) && (this.#recordIndent < 0 || line.indent <= this.#recordIndent)) {
      this.#recordIndent = line.indent;
      into.record = into.newRecord();
    }
    const path = joined(this.#path(), role);
    if (name !== "") this.#value(path, unescaped(name));
    const value = text.slice(valueFrom, line.to);
    if (value !== "") this.#value(path, unquoted(value));
    if (this.#open.length < MAX_OPEN) this.#open.push({ indent: line.indent + 1, name: role, isItem: false });
    return at + 1;
  }

  /** Closes what does not contain a line of this indent. A list may stand at the indent of its key. */
  #closeDown(indent: number, forItem: boolean): void {
    for (let top = this.#open.at(-1); top !== undefined; top = this.#open.at(-1)) {
      if (top.indent < indent || (forItem && top.indent === indent && !top.isItem)) return;
      this.#open.pop();
    }
  }

  #beginItem(at: number, line: Line): void {
    const { into, mayBegin } = this.#about;
    const depth = this.#open.length;
    const index = this.#open.at(-1)?.isItem === false || depth === 0 ? (this.#indices[depth] ?? 0) : 0;
    this.#indices[depth] = index + 1;
    this.#indices.length = depth + 1;
    if (depth < MAX_OPEN) this.#open.push({ indent: line.indent, name: String(index), isItem: true });
    if (!mayBegin || this.#about.nodes) return;
    if (this.#recordIndent >= 0 && line.indent > this.#recordIndent) return; // inside a record
    const ownsLines = this.#ownsLines(at, line);
    if (ownsLines) this.#recordIndent = line.indent;
    into.record = ownsLines ? into.newRecord() : this.#own;
    if (ownsLines && this.#labels.length > 0) this.#labels = [];
  }

  /** Whether lines below belong to the item: its fields, or what its first field's value goes on in. */
  #ownsLines(at: number, line: Line): boolean {
    const { text, lines } = this.#about;
    const from = markerIn(text, line.from, line.to)?.contentFrom ?? line.from;
    const label = labelIn(text, from, line.to);
    const below = lines[at + 1] ?? NO_LINE;
    if (label === null) return below.indent > line.indent && isField(text, below);
    if (!isBlank(below)) return below.indent > line.indent;
    const first = text.charAt(label.valueFrom);
    return (first === "'" || first === '"') && !closes(text, label.valueFrom + 1, line.to, first);
  }

  /** A label at the base: the first two of the record again begin the next record. */
  #noteLabel(name: string, at: number, line: Line): void {
    const { into, mayBegin, signature } = this.#about;
    if (this.#recordIndent >= 0 && line.indent <= this.#recordIndent) {
      into.record = this.#own;
      this.#recordIndent = -1;
    }
    if (this.#open.length > 0) return;
    if (
      mayBegin &&
      this.#labels.length >= 2 &&
      name === this.#labels[0] &&
      this.#labelAt(at + 1) === this.#labels[1]
    ) {
      into.record = into.newRecord();
      this.#labels = [];
    }
    this.#labels.push(name);
    if (signature.length < MAX_SIGNATURE && this.#labels.length > signature.length) signature.push(name);
  }

  #labelAt(at: number): string | undefined {
    const { text, lines } = this.#about;
    const line = lines[at];
    return line === undefined ? undefined : labelIn(text, line.from, line.to)?.name;
  }

  #path(): string {
    return this.#open.reduce((path, { name }) => joined(path, name), this.#about.path);
  }

  /** The line behind those indented deeper than `indent`; with `plain`, up to the next field among them. */
  #gather(from: number, indent: number, plain: boolean): number {
    const { text, lines } = this.#about;
    let end = from;
    for (let at = from; at < lines.length && at < from + MAX_GATHERED_LINES; at += 1) {
      const line = lines[at] ?? NO_LINE;
      if (isBlank(line)) continue;
      if (line.indent <= indent || (plain && at > from - 1 && isField(text, line))) break;
      end = at + 1;
    }
    return end;
  }

  #joined(from: number, to: number): string {
    const { text, lines } = this.#about;
    return lines
      .slice(from, to)
      .map((line) => text.slice(line.from, line.to))
      .join("\n")
      .trim();
  }

  /** The line behind a quoted value that goes on over blank and indented lines; 0 when it does not close there. */
  #endOfQuoted(at: number, from: number, first: Line): number {
    const { text, lines } = this.#about;
    const quote = text.charAt(from);
    for (let next = at; next < lines.length && next < at + MAX_GATHERED_LINES; next += 1) {
      const line = lines[next] ?? NO_LINE;
      if (isBlank(line)) continue;
      if (next > at && line.indent <= first.indent) return isCutAt(text, line.from) ? next : 0;
      if (closes(text, next === at ? from + 1 : line.from, line.to, quote)) return next + 1;
    }
    return lines.length; // cut in the middle
  }

  #lineBehind(at: number, end: number): number {
    const { lines } = this.#about;
    let next = at + 1;
    while (next < lines.length && (lines[next]?.from ?? end) < end) next += 1;
    return next;
  }

  /** `Points: 1 | Author: ana | Comments: 2` on one line. */
  #sidesOf(path: string, value: string): void {
    if (value.includes(" | ") && value.includes(": ")) {
      const [first = "", ...others] = value.split(" | ");
      const labels = others.map((side) => labelIn(side, 0, side.length));
      if (labels.some((label) => label !== null)) {
        this.#value(path, first);
        for (const [index, side] of others.entries()) {
          const label = labels[index];
          if (label === null || label === undefined) this.#value(path, side);
          else this.#value(joined(this.#path(), label.name), side.slice(label.valueFrom));
        }
        return;
      }
    }
    this.#value(path, value);
  }

  #value(path: string, value: string): void {
    const { into, readText } = this.#about;
    if (value.includes("\n")) readText(value, path, isProse(value));
    else into.add(path, value, isProse(value));
  }
}

function closes(text: string, from: number, to: number, quote: string): boolean {
  if (to <= from || text.charAt(to - 1) !== quote) return false;
  let signs = 0; // quotes at the end, doubled when meant; backslashes before it
  if (quote === "'") {
    while (to - 1 - signs >= from && text.charAt(to - 1 - signs) === quote) signs += 1;
    return signs % 2 === 1;
  }
  while (to - 2 - signs >= from && text.charAt(to - 2 - signs) === "\\") signs += 1;
  return signs % 2 === 0;
}

/** A quoted YAML scalar: lines are folded, escapes and doubled quotes resolved. Other text as it is. */
function unquoted(value: string): string {
  const quote = value.charAt(0);
  if (quote !== "'" && quote !== '"') return value;
  const ends = closes(value, 1, value.length, quote);
  let inside = value.slice(1, ends ? -1 : undefined);
  if (quote === "'") return folded(inside).replaceAll("''", "'");
  inside = inside.replace(/\\\n[ \t]*(?:\\(?= ))?/g, "");
  return unescaped(folded(inside));
}

/** A single line break is a space, a blank line a line break. */
function folded(text: string): string {
  if (!text.includes("\n")) return text;
  let whole = "";
  let breaks = 0;
  for (const line of text.split("\n")) {
    const said = line.trim();
    if (said === "") {
      breaks += 1;
      continue;
    }
    whole += whole === "" ? said : `${breaks > 0 ? "\n".repeat(breaks) : " "}${said}`;
    breaks = 0;
  }
  return whole;
}
