import { csvLine } from "@tripline/service/escape";
import { type CallFilter, type CallRow, MAX_PAGE_ROWS } from "@tripline/store";
import type { Found, Question } from "../read/read-route.ts";
import type { CallsQuery } from "../schemas/calls.ts";

const COLUMNS = [
  "time",
  "type",
  "outcome",
  "error_code",
  "duration_ms",
  "server",
  "tool",
  "principal",
  "agent",
  "client",
  "credential",
  "assurance",
  "session",
  "producer",
  "args_bytes",
  "result_bytes",
  "decision",
  "decision_rule",
  "id",
  "call_id",
] as const satisfies readonly (keyof CallRow)[];

/** All matching calls as CSV, a page of the store at a time. Principals are subject ids: a file outlives its permissions. */
export async function* callsAsCsv(
  { query, reader, signal }: Question<unknown, CallsQuery>,
  filter: CallFilter,
): AsyncGenerator<Found<string>> {
  let cursor = query.cursor;
  let head = csvLine(COLUMNS);
  for (;;) {
    const page = await reader.searchCalls(
      filter,
      { limit: query.limit ?? MAX_PAGE_ROWS, cursor, order: query.order },
      { signal },
    );
    const lines = page.rows.map((row) => csvLine(COLUMNS.map((column) => row[column])));
    yield { answer: head + lines.join(""), records: page.rows.length };
    if (page.next === null || query.limit !== undefined) return;
    head = "";
    cursor = page.next;
  }
}
