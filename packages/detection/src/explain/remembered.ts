import { isRecord, member } from "../rule/raw-documents.ts";
import type { StateTables } from "../state/state-tables.ts";
import { plain } from "../text/plain.ts";

const MAX_ROW_CHARS = 400; // of one group's memory, where it is of no kind that has words
const SHARED = "shared/";
const SCOPE = /^groups\/.*\/([a-z]+)$/;
const NAME_END = "\n"; // as in stored keys, between a table's name and a row's key

/** What the rules remember of groups, a line for each thing. Not cheap: it writes a whole snapshot. */
export function rememberedLines(tables: StateTables): Map<string, string[]> {
  const lines = new Map<string, string[]>();
  tables.begin(Number.POSITIVE_INFINITY);
  tables.drain(
    ({ key, value }) => {
      const [table = "", ...rest] = key.split(NAME_END);
      if (value === null) return;
      const [, row]: unknown[] = JSON.parse(value);
      const group = rest.join(NAME_END);
      // Of rows that rules share, each rule's part is below the name that its own table would have.
      const parts = table.startsWith(SHARED) && isRecord(row) ? Object.entries(row) : [[table, row] as const];
      for (const [name, entry] of parts) {
        const scope = SCOPE.exec(name)?.[1];
        if (scope !== undefined) lines.set(`${scope} ${group}`, linesOf(entry));
      }
    },
    () => true,
  );
  return lines;
}

function linesOf(entry: unknown): string[] {
  const state = member(entry, "state");
  const quietUntil = member(entry, "quietUntil");
  const quiet =
    typeof quietUntil === "number" && quietUntil > 0
      ? [
          `quiet until ${new Date(quietUntil).toISOString()}: findings no graver than the last alert are not repeated`,
        ]
      : [];
  return [...wordsFor(state), ...quiet];
}

function wordsFor(state: unknown): string[] {
  const partials = member(state, "partials");
  if (Array.isArray(partials)) {
    if (partials.length === 0) return ["no beginning is remembered"];
    return partials.map((partial, index) => `beginning ${index + 1}: ${callsIn(partial)}`);
  }
  const times = member(state, "times");
  if (Array.isArray(times))
    return [`${times.length} counted, from ${shownTime(times[0])} to ${shownTime(times.at(-1))}`];
  if (state === null || state === undefined) return [];
  return [plain(JSON.stringify(state), MAX_ROW_CHARS)];
}

/** The calls of a sequence that has begun: its evidence, without what else is kept of them. */
function callsIn(partial: unknown): string {
  const calls = Array.isArray(partial) ? partial : member(partial, "calls");
  if (!Array.isArray(calls)) return plain(JSON.stringify(partial), MAX_ROW_CHARS);
  return calls
    .map((call) => member(call, "evidence"))
    .filter(isRecord)
    .map(({ step, time, server, tool }) => `${step} at ${time} (${server ?? "?"}/${tool ?? "?"})`)
    .join(", then ");
}

function shownTime(value: unknown): string {
  return typeof value === "number" ? new Date(value).toISOString() : "?";
}
