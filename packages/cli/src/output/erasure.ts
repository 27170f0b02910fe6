import { terminalLine } from "@tripline/service/escape";
import type { Copies, Covers, ErasureRow } from "../api/erasure-answers.ts";
import type { CommandContext } from "../context.ts";
import { localTime } from "../time/show.ts";
import { table } from "./table.ts";

/** What an erasure covers, in words. */
export function coversWords({ kind, principal, session, before, ids }: Covers): string {
  const until = before === undefined ? "" : ` before ${localTime(before)}`;
  if (kind === "principal") return `payloads of ${principal ?? "?"}${until}`;
  if (kind === "session") return `payloads of session ${session ?? "?"}${until}`;
  return kind === "records" ? `payloads of ${ids?.length ?? 0} records` : `payloads${until}`;
}

/** Every other copy, and when it ends. */
export function showCopies(copies: Copies, context: CommandContext): void {
  context.out("\nother copies\n");
  for (const { where, what, ends } of copies) {
    const end = ends === null ? "no date" : `gone after ${localTime(ends)}`;
    context.out(`${terminalLine(`  ${where}: ${end}`)}\n${terminalLine(`    ${what}`)}\n`);
  }
}

export function erasuresTable(rows: readonly ErasureRow[], context: CommandContext): string {
  return table(
    [
      { head: "id" },
      { head: "time" },
      { head: "by" },
      { head: "what", shrinks: true },
      { head: "state" },
      { head: "left" },
    ],
    rows.map((row) => [
      row.id,
      localTime(row.time),
      row.by,
      coversWords(row.covers),
      row.state,
      String(row.left.payloads + row.left.names),
    ]),
    context.width,
  );
}
