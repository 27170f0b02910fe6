import { joined, type Leaves } from "./leaf.ts";
import { isBlank, type Line } from "./lines.ts";
import { isProse } from "./prose.ts";

const MAX_COLUMNS = 128;
const MAX_NAME_CHARS = 48; // of a column
const MIN_GAPPED_ROWS = 2;
const MIN_TABS_OF_ONE = 3; // a single line with so many is a row
const MIN_COMMA_ROWS = 2;
const RULE = /^[\s|+:=─━┼┬┴├┤┌┐└┘═╪╬-]+$/;

type Cells = (text: string, line: Line) => string[];

/**
 * Reads the table that begins at line `at`: with pipes or box lines, tabs, commas, or columns set apart by spaces. Each
 * row is a record; its cells are fields, named by the header row.
 * @returns the line behind the table, or `at` when there is none
 */
export function readTable(
  text: string,
  lines: readonly Line[],
  at: number,
  into: Leaves,
  path: string,
): number {
  const line = lines[at];
  if (line === undefined) return at;
  if (line.pipes > 0) {
    const end = pipedEnd(text, lines, at);
    if (end > at) return rows(text, lines, at, end, pipedCells, into, path);
  }
  if (line.tabs > 0) {
    const end = endOf(lines, at, (each) => each.tabs === line.tabs);
    if (end - at >= MIN_GAPPED_ROWS || line.tabs >= MIN_TABS_OF_ONE)
      return rows(text, lines, at, end, tabbedCells, into, path);
  }
  if (line.commas > 1) {
    const end = commaEnd(text, lines, at);
    if (end > at) return rows(text, lines, at, end, commaCells, into, path);
  }
  if (line.gaps > 1) {
    const end = endOf(
      lines,
      at,
      (each) => each.gaps > 0 && Math.abs(each.gaps - line.gaps) <= Math.max(1, line.gaps >> 2),
    );
    if (end - at >= MIN_GAPPED_ROWS) return rows(text, lines, at, end, gappedCells, into, path);
  }
  return at;
}

function endOf(lines: readonly Line[], at: number, belongs: (line: Line) => boolean): number {
  let end = at;
  for (let line = lines[end]; line !== undefined && !isBlank(line) && belongs(line); line = lines[end])
    end += 1;
  return end;
}

function pipedEnd(text: string, lines: readonly Line[], at: number): number {
  const isRow = (line: Line): boolean => isPipe(text.charCodeAt(line.from)) || isRule(text, line);
  const first = lines[at];
  if (first === undefined) return at;
  if (isRow(first)) {
    const end = endOf(lines, at, isRow);
    return end - at >= 2 || first.pipes >= 3 ? end : at;
  }
  if (first.pipes < 2) return at;
  const end = endOf(lines, at, (line) => line.pipes === first.pipes || isRule(text, line));
  return end - at >= 2 ? end : at;
}

function isPipe(code: number): boolean {
  return code === 124 || code === 0x2502 || code === 0x2503 || code === 0x2551;
}

function isRule(text: string, line: Line): boolean {
  const first = text.charCodeAt(line.from);
  return (
    (first === 43 || first === 45 || first === 124 || first === 61 || (first >= 0x2500 && first < 0x2580)) &&
    line.to - line.from > 2 &&
    RULE.test(text.slice(line.from, line.to))
  );
}

/** Rows of equally many commas without white space behind them, below a row of short names. */
function commaEnd(text: string, lines: readonly Line[], at: number): number {
  const first = lines[at];
  if (first === undefined) return at;
  const names = commaCells(text, first);
  if (names.some((name) => name.length > MAX_NAME_CHARS || /[.!?] |[.!?]$/.test(name))) return at;
  const columns = names.length;
  const end = endOf(
    lines,
    at,
    (line) => line.commas > 0 && (line.commas === first.commas || commaCells(text, line).length === columns),
  );
  return end - at >= MIN_COMMA_ROWS && first.commas * 2 >= columns - 1 ? end : at;
}

function rows(
  text: string,
  lines: readonly Line[],
  from: number,
  to: number,
  cells: Cells,
  into: Leaves,
  path: string,
): number {
  const own = into.record;
  let names: string[] | null = null;
  let row = 0;
  for (let at = from; at < to; at += 1) {
    const line = lines[at];
    if (into.full) {
      into.record = own;
      return at; // the caller keeps the rest
    }
    if (line === undefined || isRule(text, line)) continue;
    const values = cells(text, line);
    if (names === null) {
      names = values.map((value, column) => (isName(value) ? value : String(column)));
      if (values.every((value) => value === "" || isName(value))) {
        for (const value of values) into.add(joined(path, "header"), value, isProse(value));
        continue;
      }
    }
    into.record = into.newRecord();
    const place = joined(path, row);
    // More cells than names: the last one's commas are its own.
    if (cells === commaCells && values.length > names.length)
      values.splice(names.length - 1, values.length, values.slice(names.length - 1).join(", "));
    for (const [column, value] of values.entries()) {
      into.add(joined(place, names[column] ?? column), value, isProse(value));
    }
    row += 1;
  }
  into.record = own;
  return to;
}

function isName(value: string): boolean {
  return value !== "" && value.length <= MAX_NAME_CHARS && /^[^\d@]*$/.test(value) && !value.includes("://");
}

function pipedCells(text: string, line: Line): string[] {
  const content = text
    .slice(line.from, line.to)
    .replace(/^[|│┃║]/, "")
    .replace(/[|│┃║]$/, "");
  return content.split(/[|│┃║]/, MAX_COLUMNS).map((cell) => cell.trim());
}

function tabbedCells(text: string, line: Line): string[] {
  return text
    .slice(line.from, line.to)
    .split("\t", MAX_COLUMNS)
    .map((cell) => cell.trim());
}

function gappedCells(text: string, line: Line): string[] {
  return text.slice(line.from, line.to).split(/ {2,}|\t+/, MAX_COLUMNS);
}

function commaCells(text: string, line: Line): string[] {
  const cells: string[] = [];
  let from = line.from;
  let quoted = false;
  for (let at = line.from; at <= line.to && cells.length < MAX_COLUMNS; at += 1) {
    const code = at === line.to ? 44 : text.charCodeAt(at);
    if (code === 34) quoted = !quoted;
    if (at < line.to && (code !== 44 || quoted)) continue;
    cells.push(unquoted(text.slice(from, at).trim()));
    from = at + 1;
  }
  return cells;
}

function unquoted(cell: string): string {
  return cell.length > 1 && cell.startsWith('"') && cell.endsWith('"')
    ? cell.slice(1, -1).replaceAll('""', '"')
    : cell;
}
