import type { Line } from "./lines.ts";

/** What programs print in front of a line's own text. */
export interface Head {
  kind: "numbered" | "found" | "log" | "listing" | "commit" | "trace";
  /** Where the line's own text begins; its end when all of it is the head. */
  contentFrom: number;
}

const NUMBERED = /\d{1,7}(?:→|\t|: ?(?!\d\d\b)|\| ?)/y; // cat -n, an editor
const FOUND = /(?:\.{0,2}\/)?[\w@+~][\w./@+~-]{0,200}[:-]\d{1,7}[:-]/y; // grep -n
const LISTING = /[-dlbcps](?:[r-][w-][xsS-]){2}[r-][w-][xtT-][.+@]? /y; // ls -l
const TIME =
  /[[(]?(?:\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?[\d.,]*(?: ?[+-]\d\d:?\d\d|Z)?|\d\d:\d\d:\d\d[\d.,]*|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d)[\])]?(?:[ \t:|,-]+\[?(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|FATAL|CRITICAL)\b\]?)?[ \t:|-]*/y;
const LEVEL = /\[?(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|FATAL|CRITICAL)\b\]?[ \t:|-]+/y;
const COMMIT = /[*|\\/ ]{0,12}[0-9a-f]{7,40} (?=\S)/y; // git log --oneline
const TRACE =
  /at (?:[\w$.<>[\] /]{1,120}\((?:[^)\n]{1,300}:\d+|native|Native Method|Unknown Source|<anonymous>)?\)|[^\s()]{1,300}:\d+:\d+)|File "[^"\n]{1,400}", line \d|Traceback \(|---+> ?\d|Cell In\[|goroutine \d/y;

/** The head of a line, or null when it begins with its own text. */
export function headOf(text: string, { from, to }: Line): Head | null {
  const code = text.charCodeAt(from);
  const digit = code >= 48 && code <= 57;
  if (digit) {
    const at = behind(NUMBERED, text, from);
    if (at > 0) return { kind: "numbered", contentFrom: Math.min(at, to) };
  }
  if (digit || code === 91 || code === 40 || (code >= 65 && code <= 90)) {
    const time = behind(TIME, text, from);
    if (time > 0) return { kind: "log", contentFrom: Math.min(time, to) };
    const level = behind(LEVEL, text, from);
    if (level > 0) return { kind: "log", contentFrom: Math.min(level, to) };
  }
  if (behind(LISTING, text, from) > 0) return { kind: "listing", contentFrom: to };
  const commit = behind(COMMIT, text, from);
  if (commit > 0 && /\d/.test(text.slice(from, commit)))
    return { kind: "commit", contentFrom: Math.min(commit, to) };
  if (
    (code === 97 || code === 70 || code === 84 || code === 45 || code === 67 || code === 103) &&
    behind(TRACE, text, from) > 0
  )
    return { kind: "trace", contentFrom: to };
  const found = behind(FOUND, text, from);
  if (found > 0 && found <= to) return { kind: "found", contentFrom: found };
  return null;
}

function behind(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : -1;
}

/** Colours, cursor movements, window titles, character sets. Built from text: a pattern may hold no control characters. */
const ESC = String.fromCharCode(27);
const BELL = String.fromCharCode(7);
const ESCAPE = new RegExp(
  `${ESC}(?:\\[[0-9;?]{0,32}[ -/]{0,4}[@-~]|\\][^${BELL}${ESC}]{0,512}(?:${BELL}|${ESC}\\\\)|[()][0-9A-B])`,
  "g",
);

/** Without colours and cursor movements; line ends are `\n`. */
export function plainTerminal(text: string): string {
  let clean = text;
  if (clean.includes(ESC)) clean = clean.replace(ESCAPE, "");
  if (clean.includes("\r")) clean = clean.replace(/\r\n?/g, "\n");
  return clean;
}
