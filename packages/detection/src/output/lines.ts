/** One line of a text, and what was counted on the way through it. */
export interface Line {
  /** Without the white space around it: `text.slice(from, to)`. */
  from: number;
  to: number;
  /** Characters of white space before `from`; a tab counts as one. */
  indent: number;
  pipes: number;
  tabs: number;
  /** Commas outside quotes, not followed by white space: sentences have few. */
  commas: number;
  /** Runs of two and more spaces inside. */
  gaps: number;
}

export const MAX_LINES = 8192; // of one text; the last one reaches to the end

const NEWLINE = 10;
const COMMA = 44;
const QUOTE = 34;
const PIPE = 124;

export function linesOf(text: string, from = 0): Line[] {
  const lines: Line[] = [];
  let at = from;
  while (at < text.length) {
    const line = { from: at, to: at, indent: 0, pipes: 0, tabs: 0, commas: 0, gaps: 0 };
    const open = lines.length === MAX_LINES - 1; // no more lines: this one takes the rest
    let begun = false;
    let quoted = false;
    let blanks = 0;
    let tabs = 0;
    let comma = false;
    let code = 0;
    for (; at < text.length; at += 1) {
      code = text.charCodeAt(at);
      if (code === NEWLINE && !open) break;
      if (code <= 32 || code === 0xa0) {
        if (begun) {
          blanks += 1;
          if (code === 9) tabs += 1;
        } else line.indent += 1;
        comma = false;
        continue;
      }
      if (!begun) {
        begun = true;
        line.from = at;
      } else if (blanks > 1) line.gaps += 1;
      line.tabs += tabs;
      if (comma) line.commas += 1;
      tabs = 0;
      blanks = 0;
      comma = code === COMMA && !quoted;
      if (code === QUOTE) quoted = !quoted;
      else if (code === PIPE || code === 0x2502 || code === 0x2503 || code === 0x2551) line.pipes += 1;
      line.to = at + 1;
    }
    if (comma) line.commas += 1; // an empty last cell
    if (!begun) {
      line.from = at;
      line.to = at;
    }
    lines.push(line);
    at += 1;
  }
  return lines;
}

export function isBlank(line: Line): boolean {
  return line.to === line.from;
}
