import { endOfCode, isMostlyCode, readCode } from "./code.ts";
import { type FieldContext, isField, readFields } from "./fields.ts";
import { labelIn, markerIn, nodeIn } from "./label.ts";
import { joined, type Leaves } from "./leaf.ts";
import { isBlank, type Line, linesOf, NO_LINE } from "./lines.ts";
import { isCutAt, readLiteral } from "./literal.ts";
import { beginsMarkup, readMarkup } from "./markup.ts";
import { isProse, isProseBlock } from "./prose.ts";
import { readTable } from "./table.ts";
import { type Head, headOf } from "./terminal.ts";

const MAX_INTRODUCTION_CHARS = 300; // one paragraph in front of data: "I found these messages:"
const MAX_WASTED_CHARS = 64 * 1024; // read as a literal in vain, of one text
const MIN_HEADED_LINES = 2; // alike heads in a row; one may be a sentence that begins with a number
const MAX_NESTED_TEXTS = 3; // texts in values in texts
const RULE_LINE = /^(?:[-=*_~#─━═]\s?){3,}$/;
const FENCE = /^(?:```|~~~)/;
const DIFF = /^(?:diff --git |@@ -|--- [ab/]|Index: )/;
const COMMIT = /^commit [0-9a-f]{7,64}\b/;
const STOPPERS = new Set([..."-=*_~#`{c"].map((sign) => sign.charCodeAt(0))); // with what such a line may begin
const SAME_BUT_NUMBERS = /\d+/g;

/**
 * Reads text line by line: what has a format of its own (tables, code, logs, literals, markup) becomes fields; lines
 * `label: value` are fields until free text begins, from then on part of that text, since whoever wrote it may have
 * written them; only what separated records before separates them again.
 */
export function readPlainText(text: string, into: Leaves, path = "", part: Part = "output", depth = 0): void {
  const first = text.charCodeAt(0);
  if (part === "output") {
    if ((first === 123 || first === 91) && readWhole(text, into, path)) return;
    if (first === 60 && beginsMarkup(text, 0, true)) {
      readMarkup(text, 0, into, path);
      return;
    }
  }
  new TextReader(text, into, path, part, depth).read();
}

/** A text that is one literal and nothing else need not be seen as lines. */
function readWhole(text: string, into: Leaves, path: string): boolean {
  const { record } = into;
  const before = into.list.length;
  into.record = into.newRecord();
  const readText = (value: string, at: string, prose: boolean): void => readValue(value, into, at, prose, 1);
  const end = readLiteral(text, 0, into, readText, path);
  into.record = record;
  if (end >= 0 && isBlankFrom(text, end)) return true;
  into.drop(before);
  return false;
}

const OBJECT = /[[{]\s{0,64}(?:[[{]\s{0,64}){0,2}["'][^"']{0,200}["']\s{0,8}:/y;

function beginsObject(text: string, at: number): boolean {
  OBJECT.lastIndex = at;
  return OBJECT.test(text);
}

function isBlankFrom(text: string, from: number): boolean {
  for (let at = from; at < text.length; at += 1) if (text.charCodeAt(at) > 32) return false;
  return true;
}

/** A value of several lines, inside the record at hand. */
function readValue(text: string, into: Leaves, path: string, prose: boolean, depth: number): void {
  if (depth > MAX_NESTED_TEXTS) into.add(path, text, prose);
  else new TextReader(text, into, path, prose ? "prose" : "lines", depth).read();
}

/**
 * What the text is: an output; or a part of a record, all of which belongs to it: free text, or lines that may be.
 */
export type Part = "output" | "prose" | "lines";

class TextReader {
  readonly #text: string;
  readonly #lines: Line[];
  readonly #into: Leaves;
  readonly #path: string;
  readonly #within: boolean;
  readonly #depth: number;
  readonly #fields: FieldContext;
  #running = false; // free text has begun in this record
  readonly #start: number; // of this text's leaves
  #hasProse = false; // some free text was seen, so what follows it is free text however short
  #textFrom = -1; // of the free text not yet handed on
  #textTo = -1;
  #first = true; // nothing has been read yet
  #wasted = 0;
  #separator = ""; // the line that began the record at hand, without its numbers

  constructor(text: string, into: Leaves, path: string, part: Part, depth: number) {
    const within = part !== "output";
    this.#text = text;
    this.#lines = linesOf(text);
    this.#into = into;
    this.#path = path;
    this.#within = within;
    this.#depth = depth;
    this.#running = part === "prose";
    this.#start = into.list.length;
    this.#fields = {
      text,
      lines: this.#lines,
      into,
      readText: (value, at, prose) => readValue(value, into, at, prose, depth + 1),
      path,
      mayBegin: !within,
      nodes: false,
      signature: [],
    };
  }

  read(): void {
    const own = this.#into.record;
    let at = 0;
    while (at < this.#lines.length && !this.#into.full) {
      const line = this.#line(at);
      if (isBlank(line)) {
        at += 1;
        continue;
      }
      at = this.#formatted(at) ?? this.#boundary(at) ?? this.#paragraph(at);
      this.#first = false;
    }
    this.#hasProse ||= this.#running && this.#into.list.length === this.#start; // all of a value that is free text
    this.#flush();
    if (at < this.#lines.length)
      this.#into.add(joined(this.#path, "text"), this.#text.slice(this.#line(at).from), true);
    this.#into.record = own;
  }

  #line(at: number): Line {
    return this.#lines[at] ?? NO_LINE;
  }

  #said(at: number): string {
    const { from, to } = this.#line(at);
    return this.#text.slice(from, to);
  }

  #flush(): void {
    if (this.#textFrom < 0) return;
    this.#hasProse ||= isProse(this.#text, this.#textFrom, this.#textTo);
    this.#into.add(
      joined(this.#path, "text"),
      this.#text.slice(this.#textFrom, this.#textTo),
      this.#hasProse,
    );
    this.#textFrom = -1;
  }

  #extend(from: number, to: number): void {
    if (this.#textFrom < 0) this.#textFrom = from;
    this.#textTo = to;
  }

  // --- what has a format of its own; the line behind it, or null

  #formatted(at: number): number | null {
    const line = this.#line(at);
    const code = this.#text.charCodeAt(line.from);
    const found =
      this.#literal(at, line, code) ??
      this.#markup(line, code) ??
      this.#fenced(at, code) ??
      this.#diff(at, code) ??
      this.#commit(at, code) ??
      this.#snapshot(at, code) ??
      this.#headed(at, line) ??
      this.#table(at);
    return found ?? this.#code(at);
  }

  #literal(at: number, line: Line, code: number): number | null {
    if (code !== 123 && code !== 91) return null; // { [
    if (this.#wasted > MAX_WASTED_CHARS) return null;
    const before = this.#into.list.length;
    const own = this.#into.record;
    let end = line.from;
    // Documents may follow each other on one line.
    for (let from = line.from; from < this.#text.length; from = this.#behindSigns(end)) {
      const sign = this.#text.charCodeAt(from);
      if (from > line.from && sign !== 123 && sign !== 91) break;
      if (!this.#within && !this.#running) this.#into.record = this.#into.newRecord();
      const found = readLiteral(this.#text, from, this.#into, this.#fields.readText, this.#path);
      if (found < 0) {
        this.#wasted += Math.max(-1 - found, line.to - line.from);
        break;
      }
      end = found;
    }
    this.#into.record = own;
    let next = at + 1;
    while (next < this.#lines.length && this.#line(next).from < end) next += 1;
    const rest = this.#text.slice(this.#behindSigns(end), this.#line(next - 1).to).trim();
    // `[1] a note` is none, but an object is one whatever follows it.
    if (
      end === line.from ||
      (rest !== "" && !isCutAt(this.#text, end) && !beginsObject(this.#text, line.from))
    ) {
      this.#into.drop(before);
      this.#wasted += end - line.from;
      return null;
    }
    // Data below somebody's text may be his.
    if (this.#running || this.#within) this.#into.merge(own, before);
    this.#flushBefore(before);
    if (rest !== "")
      readValue(
        rest,
        this.#into,
        joined(this.#path, "text"),
        this.#running || isProse(rest),
        this.#depth + 1,
      );
    return next;
  }

  /** The first sign on the line behind a literal that does not belong to it; the line's end when there is none. */
  #behindSigns(end: number): number {
    let at = end;
    for (; at < this.#text.length; at += 1) {
      const code = this.#text.charCodeAt(at);
      if (code === 10 || (code > 32 && code !== 44 && code !== 59)) break; // , ;
    }
    return at;
  }

  /** Hands on the free text that stood before leaves already added, in its place. */
  #flushBefore(position: number): void {
    if (this.#textFrom < 0) return;
    const behind = this.#into.list.splice(position);
    this.#flush();
    for (const leaf of behind) this.#into.list.push(leaf);
  }

  #markup(line: Line, code: number): number | null {
    if (code !== 60) return null; // <
    if (!beginsMarkup(this.#text, line.from, !this.#first || this.#within)) return null;
    this.#flush();
    readMarkup(this.#text, line.from, this.#into, this.#path);
    return this.#lines.length;
  }

  #fenced(at: number, code: number): number | null {
    if ((code !== 96 && code !== 126) || !FENCE.test(this.#said(at))) return null; // ` ~
    let end = at + 1;
    while (end < this.#lines.length && !FENCE.test(this.#said(end))) end += 1;
    this.#flush();
    readCode(this.#text, this.#lines, at + 1, end, this.#into, joined(this.#path, "code"));
    return end + 1;
  }

  #diff(at: number, code: number): number | null {
    if ((code !== 100 && code !== 64 && code !== 45 && code !== 73) || !DIFF.test(this.#said(at)))
      return null; // d @ - I
    let end = at;
    let changed = "";
    for (; end < this.#lines.length; end += 1) {
      const { from, to, indent } = this.#line(end);
      if (from === to) {
        changed += "\n";
        continue;
      }
      const sign = this.#text.charCodeAt(from);
      const isChange = indent === 0 && (sign === 43 || sign === 45); // + -
      if (
        !isChange &&
        indent === 0 &&
        !/^(?:@@|diff |index |new file|deleted|similarity|rename|old mode|new mode|Binary|\\ No|={3,}|Index: )/.test(
          this.#said(end),
        )
      )
        break;
      const content = isChange
        ? this.#text.slice(from + 1, to)
        : indent > 0
          ? this.#text.slice(from, to)
          : "";
      if (!/^(?:\+\+|--) /.test(content)) changed += `${content}\n`;
    }
    this.#flush();
    this.#stripped(changed, "diff");
    return end;
  }

  /** `git log`: a commit is a record, and its message cannot begin another one, since it is indented. */
  #commit(at: number, code: number): number | null {
    if (code !== 99 || this.#line(at).indent > 0 || !COMMIT.test(this.#said(at))) return null; // c
    this.#flush();
    if (!this.#within) this.#into.record = this.#into.newRecord();
    this.#running = false;
    this.#into.add(joined(this.#path, "commit"), this.#said(at).slice("commit ".length), false);
    const next = at + 1;
    if (!isField(this.#text, this.#line(next))) return next;
    const end = readFields(
      this.#fields,
      next,
      (each) => isBlank(this.#line(each)) || this.#line(each).indent > 0,
    );
    this.#running = !this.#within;
    return end;
  }

  /** Nodes of a page: `- link "Foo" [ref=e1]`. */
  #snapshot(at: number, code: number): number | null {
    if (code !== 45) return null; // -
    const isNode = (each: number): boolean => {
      const { from, to } = this.#line(each);
      return this.#text.startsWith("- ", from) && nodeIn(this.#text, from + 2, to) !== null;
    };
    if (
      !isNode(at) ||
      (!this.#text.slice(this.#line(at).from, this.#line(at).to + 400).includes("[ref=") && !isNode(at + 1))
    )
      return null;
    this.#flush();
    return readFields(
      { ...this.#fields, nodes: true },
      at,
      (each) => !this.#text.startsWith("-", this.#line(each).from),
    );
  }

  /** Lines with like heads: a log, `grep -n`, `cat -n`, `ls -l`, a stack trace. */
  #headed(at: number, line: Line): number | null {
    const head = headOf(this.#text, line);
    if (head === null) return null;
    const heads: Head[] = [head];
    let end = at + 1;
    for (; end < this.#lines.length; end += 1) {
      const next = this.#line(end);
      const found = isBlank(next) ? null : headOf(this.#text, next);
      if (found === null || found.kind !== head.kind) {
        // within a log or a trace, other lines may stand between
        const after = this.#line(end + 1);
        if (
          isBlank(after) ||
          headOf(this.#text, after)?.kind !== head.kind ||
          heads.length < MIN_HEADED_LINES
        )
          break;
      }
      heads.push(found ?? { kind: head.kind, contentFrom: next.from });
    }
    if (
      heads.length < MIN_HEADED_LINES &&
      (head.kind === "numbered" || head.kind === "found" || head.kind === "commit")
    )
      return null;
    this.#flush();
    if (head.kind === "numbered") {
      const contents = heads.map(({ contentFrom }, index) =>
        this.#text.slice(contentFrom, this.#line(at + index).to),
      );
      this.#stripped(contents.join("\n"), "file");
      return end;
    }
    for (const [index, { contentFrom }] of heads.entries())
      this.#logged(this.#line(at + index), contentFrom, head.kind);
    return end;
  }

  #logged({ from, to }: Line, contentFrom: number, kind: string): void {
    const path = joined(this.#path, kind);
    this.#into.add(path, this.#text.slice(from, contentFrom).trim(), false);
    if (contentFrom >= to) return;
    const message = this.#text.slice(contentFrom, to);
    this.#into.add(joined(path, "message"), message, isProse(message));
  }

  /** Lines whose heads were taken off are read as a text of their own. */
  #stripped(content: string, name: string): void {
    if (content.trim() === "") return;
    const lines = linesOf(content);
    if (isMostlyCode(content, lines)) {
      readCode(content, lines, 0, lines.length, this.#into, joined(this.#path, "code"));
      return;
    }
    readValue(content, this.#into, joined(this.#path, name), false, this.#depth + 1);
  }

  #table(at: number): number | null {
    const { pipes, tabs, commas, gaps } = this.#line(at);
    if (pipes + tabs === 0 && commas < 2 && gaps < 2) return null;
    const before = this.#into.list.length;
    const record = this.#into.record;
    const end = readTable(this.#text, this.#lines, at, this.#into, this.#path);
    if (end === at) return null;
    if (this.#running || this.#within) this.#into.merge(record, before);
    this.#flushBefore(before);
    return end;
  }

  #code(at: number): number | null {
    const end = endOfCode(this.#text, this.#lines, at);
    if (end === at) return null;
    this.#flush();
    readCode(this.#text, this.#lines, at, end, this.#into, joined(this.#path, "code"));
    return end;
  }

  // --- where a record ends

  /** Where free text runs: the line behind what begins the next record as an earlier one was begun, else null. */
  #boundary(at: number): number | null {
    if (this.#within) return null;
    const rule = RULE_LINE.test(this.#said(at));
    if (!rule) {
      if (!this.#running) return null;
      if (!this.#repeatsSignature(at, 3) && !this.#isNumberedRecord(at) && !this.#repeatsSeparator(at))
        return null;
      this.#begin();
      return this.#paragraph(at);
    }
    let next = at + 1;
    while (next < this.#lines.length && isBlank(this.#line(next))) next += 1;
    if (this.#running && !this.#repeatsSignature(next, 1) && !this.#isNumberedRecord(next)) return null;
    this.#begin();
    return next;
  }

  #begin(): void {
    this.#flush();
    this.#running = false;
    this.#hasProse = false;
    this.#into.record = this.#into.newRecord();
  }

  /** Whether here stand the first labels of the first record again, in their order; at least `needed` or all of them. */
  #repeatsSignature(at: number, needed: number): boolean {
    const { signature } = this.#fields;
    if (signature.length === 0 || (needed > 1 && signature.length < needed)) return false;
    return signature.slice(0, needed).every((name, index) => {
      const { from, to } = this.#line(at + index);
      return labelIn(this.#text, from, to)?.name === name;
    });
  }

  /** `3. Title` with fields indented below it, behind a short introduction. */
  #isNumberedRecord(at: number): boolean {
    if (this.#textTo - this.#textFrom > MAX_INTRODUCTION_CHARS && this.#textFrom >= 0) return false;
    const { from, to, indent } = this.#line(at);
    const marker = markerIn(this.#text, from, to);
    if (marker === null || marker.number < 0) return false;
    const below = this.#line(at + 1);
    return below.indent > indent && labelIn(this.#text, below.from, below.to) !== null;
  }

  /** `=== Message 2 ===` after `=== Message 1 ===`. */
  #repeatsSeparator(at: number): boolean {
    return this.#separator !== "" && separatorOf(this.#said(at)) === this.#separator;
  }

  // --- lines without a format of their own

  #paragraph(at: number): number {
    if (this.#running) {
      const end = this.#endOfParagraph(at);
      this.#extend(this.#line(at).from, this.#line(end - 1).to);
      return end;
    }
    if (isField(this.#text, this.#line(at)) && !this.#wraps(at)) {
      const before = this.#into.list.length;
      const end = readFields(this.#fields, at, (each) => this.#stopsFields(each));
      if (end > at) return end;
      this.#into.drop(before);
    }
    const end = this.#endOfParagraph(at);
    const { from } = this.#line(at);
    const { to } = this.#line(end - 1);
    const several = end - at > 1;
    if (
      several
        ? isProseBlock(this.#text, from, to) || this.#isLongLines(at, end)
        : isProse(this.#text, from, to)
    ) {
      this.#hasProse = true;
      const introduces = this.#first && !several && to - from <= MAX_INTRODUCTION_CHARS;
      this.#extend(from, to);
      if (introduces) this.#flush();
      else this.#running = true;
      return end;
    }
    for (let each = at; each < end; each += 1) this.#single(each);
    return end;
  }

  /** A sentence that begins with a label and goes on in the next line is no field. */
  #wraps(at: number): boolean {
    const line = this.#line(at);
    const next = this.#line(at + 1);
    if (markerIn(this.#text, line.from, line.to) !== null || line.to - line.from < 60) return false;
    return (
      next.to - next.from > 20 &&
      !isField(this.#text, next) &&
      next.indent <= line.indent &&
      isProseBlock(this.#text, line.from, next.to)
    );
  }

  /** Lines of which one alone is a sentence. */
  #isLongLines(from: number, to: number): boolean {
    let sentences = 0;
    for (let at = from; at < to; at += 1)
      if (isProse(this.#text, this.#line(at).from, this.#line(at).to)) sentences += 1;
    return sentences * 2 > to - from;
  }

  #single(at: number): void {
    const { from, to } = this.#line(at);
    if (from === to) return;
    const said = this.#said(at);
    if (/\d/.test(said) && this.#separator === "" && to - from < 60) this.#separator = separatorOf(said);
    const label = labelIn(this.#text, from, to);
    if (label === null || label.valueFrom >= to)
      this.#into.add(joined(this.#path, "line"), said, isProse(said));
    else {
      const value = this.#text.slice(label.valueFrom, to);
      this.#into.add(joined(this.#path, label.name), value, isProse(value));
    }
  }

  #endOfParagraph(at: number): number {
    let end = at + 1;
    while (end < this.#lines.length && !isBlank(this.#line(end)) && !this.#stopsText(end)) end += 1;
    return end;
  }

  #stopsText(at: number): boolean {
    const { from, to, pipes } = this.#line(at);
    const code = this.#text.charCodeAt(from);
    if (code === 96 && FENCE.test(this.#said(at))) return true;
    if (code === 123 || (code === 91 && to - from < 3)) return true; // { [
    if (pipes > 1 && code === 124) return true;
    if (this.#beginsFormat(at)) return true;
    if ((code === 45 || code === 61) && RULE_LINE.test(this.#said(at))) return true;
    return this.#running && !this.#within && (this.#repeatsSignature(at, 3) || this.#isNumberedRecord(at));
  }

  /** Whether a table or lines with heads begin here. */
  #beginsFormat(at: number): boolean {
    const line = this.#line(at);
    const next = this.#line(at + 1);
    if ((line.gaps > 1 && next.gaps > 1) || (line.tabs > 0 && line.tabs === next.tabs)) return true;
    if (line.pipes > 1 && line.pipes === next.pipes) return true;
    if (line.commas > 2 && line.commas === next.commas) return true;
    const head = headOf(this.#text, line);
    if (head === null) return false;
    return (
      head.kind === "listing" ||
      head.kind === "trace" ||
      (!isBlank(next) && headOf(this.#text, next)?.kind === head.kind)
    );
  }

  #stopsFields(at: number): boolean {
    const code = this.#text.charCodeAt(this.#line(at).from);
    if (code > 126 || !STOPPERS.has(code)) return false;
    const said = this.#said(at);
    return (
      RULE_LINE.test(said) ||
      (code === 96 && FENCE.test(said)) ||
      (code === 123 && this.#line(at).indent === 0) ||
      (code === 99 && COMMIT.test(said))
    );
  }
}

function separatorOf(said: string): string {
  return said.replace(SAME_BUT_NUMBERS, "#");
}
