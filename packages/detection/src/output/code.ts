import type { Leaves } from "./leaf.ts";
import { isBlank, type Line } from "./lines.ts";
import { isProse } from "./prose.ts";

const SHORT_STATEMENT_CHARS = 16;
const MIN_LINES = 3; // fewer may be a sentence with brackets
const STATEMENT =
  /(?:import|from|export|def|class|function|const|let|var|return|if|elif|else|for|while|try|except|catch|finally|with|public|private|static|package|use|fn|func|struct|type|interface|async|await|yield|raise|throw|assert|print|break|continue|pass|del|global|self|this|switch|case|default|end|begin|do|#include|#define|SELECT|INSERT|UPDATE|CREATE|at)\b/y;
const COMMENT = /(?:\/\/+|\/\*+|\*\/|\*(?= |$)|#(?!include|define)|--(?= )|"""|'''|<!--|;;)[ \t]*/y;
const TAIL_COMMENT = /[ \t](?:\/\/|#|--) /g;

/** Whether a file's lines are code: a third look so, which those of a document never do. */
export function isMostlyCode(text: string, lines: readonly Line[]): boolean {
  let code = 0;
  let others = 0;
  for (const line of lines) {
    if (isBlank(line)) continue;
    if (isCode(text, line)) code += 1;
    else others += 1;
  }
  return code >= MIN_LINES && code * 2 > others;
}

/** The line behind the code that begins at `at`, or `at` when there is none. */
export function endOfCode(text: string, lines: readonly Line[], at: number): number {
  let end = at;
  let code = 0;
  let others = 0;
  let inRow = 0; // lines of something else since the last of code
  for (let next = at; next < lines.length; next += 1) {
    const line = lines[next];
    if (line === undefined || isBlank(line)) continue;
    if (isCode(text, line)) {
      code += 1;
      inRow = 0;
      end = next + 1;
    } else {
      others += 1;
      inRow += 1;
      if (inRow > 2 || (code < MIN_LINES && others > 0)) break;
    }
  }
  return code >= MIN_LINES && code > others ? end : at;
}

function isCode(text: string, { from, to }: Line): boolean {
  const last = text.charCodeAt(to - 1);
  if (to - from === 1) return "{}()[];".includes(text.charAt(from));
  let signs = 0;
  for (let at = from; at < to; at += 1) {
    const code = text.charCodeAt(at);
    if (
      code === 123 ||
      code === 125 ||
      code === 40 ||
      code === 41 ||
      code === 91 ||
      code === 93 || // {}()[]
      code === 61 ||
      code === 59 ||
      code === 60 ||
      code === 62 ||
      code === 92 ||
      code === 95 // = ; < > \ _
    )
      signs += 1;
  }
  const ends = last === 123 || last === 59 || last === 125 || last === 41 || last === 58; // { ; } ) :
  if (signs * 8 >= to - from) return true;
  STATEMENT.lastIndex = from;
  if (to - from <= SHORT_STATEMENT_CHARS && STATEMENT.test(text)) return true; // `else:`, `return None`, `break`
  if (!ends && signs < 2) return false;
  STATEMENT.lastIndex = from;
  return (ends && signs >= 2 && signs * 20 >= to - from) || STATEMENT.test(text);
}

/**
 * Lines of code, each a field; comments and long strings are free text where they are sentences, since a model reads them.
 */
export function readCode(
  text: string,
  lines: readonly Line[],
  from: number,
  to: number,
  into: Leaves,
  path: string,
): void {
  let comment = "";
  let closing = ""; // what ends the comment or text of several lines that is open
  const flush = (): void => {
    if (comment !== "") into.add(path, comment, isProse(comment));
    comment = "";
  };
  const note = (said: string): void => {
    if (said !== "") comment = comment === "" ? said : `${comment}\n${said}`;
  };
  for (let at = from; at < to; at += 1) {
    const line = lines[at];
    if (line === undefined || isBlank(line)) continue;
    const code = text.slice(line.from, line.to);
    if (closing !== "") {
      const end = code.indexOf(closing);
      note(end < 0 ? code : code.slice(0, end));
      if (end >= 0) closing = "";
      continue;
    }
    COMMENT.lastIndex = line.from;
    if (COMMENT.test(text)) {
      const begun = Math.min(COMMENT.lastIndex, line.to) - line.from;
      closing = closingOf(code);
      const end = closing === "" ? -1 : code.indexOf(closing, begun);
      if (end >= 0) closing = "";
      note(end < 0 ? code.slice(begun) : code.slice(begun, end));
      continue;
    }
    flush();
    const tail = tailComment(code);
    if (tail > 0) {
      into.add(path, code.slice(0, tail), false);
      into.add(path, code.slice(tail), isProse(code, tail));
    } else into.add(path, code, isProse(code));
  }
  flush();
}

function closingOf(code: string): string {
  if (code.startsWith('"""')) return '"""';
  if (code.startsWith("'''")) return "'''";
  if (code.startsWith("/*")) return "*/";
  return code.startsWith("<!--") ? "-->" : "";
}

function tailComment(code: string): number {
  TAIL_COMMENT.lastIndex = 0;
  return TAIL_COMMENT.test(code) ? TAIL_COMMENT.lastIndex : -1;
}
