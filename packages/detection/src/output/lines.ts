/** One line of a text, and what was counted on the way through it. */
export interface Line {
  /** Without the white space around it: `text.slice(from, to)`. */
  readonly from: number;
  readonly to: number;
  /** Characters of white space before `from`; a tab counts as one. */
  readonly indent: number;
  readonly pipes: number;
  readonly tabs: number;
  /** Commas outside quotes, not followed by white space: sentences have few. */
  readonly commas: number;
  /** Runs of two and more spaces inside. */
  readonly gaps: number;
}

export const MAX_LINES = 8192; // of one text; the last one reaches to the end

/** Stands for the line behind the last one. */
export const NO_LINE: Line = { from: 0, to: 0, indent: 0, pipes: 0, tabs: 0, commas: 0, gaps: 0 };

const ORDINARY = 0;
const BLANK = 1;
const COMMA = 2;
const QUOTE = 3;
const PIPE = 4;
const TAB = 9;
const NEWLINE = 10;
const KINDS = new Uint8Array(128);
KINDS.fill(BLANK, 0, 33);
KINDS[44] = COMMA;
KINDS[34] = QUOTE;
KINDS[124] = PIPE;

function kindOf(code: number): number {
  if (code < 128) return KINDS[code] ?? ORDINARY;
  if (code === 0xa0) return BLANK;
  return code === 0x2502 || code === 0x2503 || code === 0x2551 ? PIPE : ORDINARY; // box lines
}

export function linesOf(text: string): Line[] {
  const lines: Line[] = [];
  const length = text.length;
  for (let at = 0; at < length; at += 1) {
    const open = lines.length === MAX_LINES - 1; // no more lines: this one takes the rest
    const begin = at;
    at = behindBlanks(text, at, open);
    const from = at;
    let end = -1; // known when white space ends the line
    let pipes = 0;
    let tabs = 0;
    let commas = 0;
    let gaps = 0;
    let quoted = false;
    let comma = false; // the last sign was one that counts
    for (; at < length; at += 1) {
      const kind = kindOf(text.charCodeAt(at));
      if (kind === BLANK) {
        const next = behindBlanks(text, at, open);
        if (next >= length || text.charCodeAt(next) === NEWLINE) {
          end = at;
          at = next;
          break;
        }
        if (next - at > 1) gaps += 1;
        for (; at < next; at += 1) if (text.charCodeAt(at) === TAB) tabs += 1;
        at -= 1;
        comma = false;
        continue;
      }
      if (comma) commas += 1;
      comma = false;
      if (kind === ORDINARY) continue;
      if (kind === PIPE) pipes += 1;
      else if (kind === QUOTE) quoted = !quoted;
      else comma = !quoted;
    }
    if (comma) commas += 1; // an empty last cell
    lines.push({ from, to: end < 0 ? at : end, indent: from - begin, pipes, tabs, commas, gaps });
  }
  return lines;
}

/** Where the white space that begins at `at` ends: at a line break, unless these count as white space too. */
function behindBlanks(text: string, from: number, open: boolean): number {
  let at = from;
  for (; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if ((code > 32 && code !== 0xa0) || (code === NEWLINE && !open)) break;
  }
  return at;
}

export function isBlank(line: Line): boolean {
  return line.to === line.from;
}
