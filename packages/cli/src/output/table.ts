import { terminalLine } from "@tripline/service/escape";
import stringWidth from "string-width";

/** A column: its head, and whether it may shrink when the terminal is narrow (ids and numbers never do). */
export interface Column {
  head: string;
  align?: "right";
  shrinks?: boolean;
}

const GAP = "  ";
const NARROWEST = 8; // columns; a text cut shorter tells nothing

/**
 * A table for people. Every cell is made safe for a terminal. With a `width` the columns that may shrink are cut to fit
 * it; without one (the output is a file or a pipe) nothing is cut.
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number | null,
): string {
  const cells = [
    columns.map((column) => column.head),
    ...rows.map((row) => row.map((cell) => terminalLine(cell))),
  ];
  const widths = columns.map((_, at) => Math.max(...cells.map((row) => stringWidth(row[at] ?? ""))));
  if (width !== null) shrink(columns, widths, width);
  return cells
    .map((row) =>
      columns
        .map((column, at) => fit(row[at] ?? "", widths[at] ?? 0, column.align))
        .join(GAP)
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join("");
}

/** Takes from the widest shrinkable column until the table fits, or all are at their narrowest. */
function shrink(columns: readonly Column[], widths: number[], width: number): void {
  const total = () => widths.reduce((sum, each) => sum + each, 0) + GAP.length * (widths.length - 1);
  while (total() > width) {
    let widest = -1;
    for (const [at, column] of columns.entries()) {
      const current = widths[at] ?? 0;
      if (column.shrinks === true && current > NARROWEST && current > (widths[widest] ?? 0)) widest = at;
    }
    if (widest === -1) return;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
}

function fit(cell: string, width: number, align: "right" | undefined): string {
  const cut = stringWidth(cell) > width ? cutTo(cell, width) : cell;
  const padding = " ".repeat(Math.max(0, width - stringWidth(cut)));
  return align === "right" ? padding + cut : cut + padding;
}

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** The longest start of the text that leaves room for an ellipsis, by what a terminal shows and not by characters. */
export function cutTo(text: string, width: number): string {
  let kept = "";
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    const next = stringWidth(segment);
    if (used + next > width - 1) return `${kept}…`;
    kept += segment;
    used += next;
  }
  return kept;
}
