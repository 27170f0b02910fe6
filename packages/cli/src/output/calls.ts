import type { CallRow } from "../api/answers.ts";
import type { CommandContext } from "../context.ts";
import { duration, localTime, offsetName } from "../time/show.ts";
import { table } from "./table.ts";

/** Calls as a table. `names` tells subject ids' names where the reader may see them. */
export function callTable(
  calls: readonly CallRow[],
  names: Readonly<Record<string, readonly string[]>>,
  context: CommandContext,
): string {
  return table(
    [
      { head: `time (${offsetName(context.now())})` },
      { head: "outcome" },
      { head: "ms", align: "right" },
      { head: "server", shrinks: true },
      { head: "tool", shrinks: true },
      { head: "principal", shrinks: true },
      { head: "credential", shrinks: true },
      { head: "id" },
    ],
    calls.map((call) => [
      localTime(call.time),
      ending(call),
      call.duration_ms === null ? "" : call.duration_ms.toFixed(call.duration_ms < 10 ? 1 : 0),
      call.server ?? "",
      call.tool ?? "",
      who(call.principal, names),
      call.credential ?? "",
      call.id,
    ]),
    context.width,
  );
}

/** How a call ended, in a word; for other records what they are. */
export function ending(call: CallRow): string {
  if (call.outcome !== null) return call.outcome;
  return call.type === "call.intent" ? "not ended" : call.type;
}

export function who(principal: string | null, names: Readonly<Record<string, readonly string[]>>): string {
  if (principal === null) return "";
  return names[principal]?.[0] ?? principal;
}

/** One line of a session's timeline: seconds since its start, and what happened. */
export function timelineLine(call: CallRow, startMs: number): string {
  const offset = `+${duration(Math.max(0, Date.parse(call.time) - startMs))}`;
  const took = call.duration_ms === null ? "" : ` in ${duration(call.duration_ms)}`;
  return `${offset.padStart(10)}  ${call.server ?? "?"}/${call.tool ?? "?"}  ${ending(call)}${took}`;
}
