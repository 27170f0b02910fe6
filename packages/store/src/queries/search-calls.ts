import { OUTCOMES, RECORD_TYPES, TriplineError } from "@tripline/events";
import type { Database } from "../connection/database.ts";
import { join, type Sql, sql, tenant, text, time, uuidValue, word } from "../sql/sql.ts";
import { CALL_COLUMNS, callPosition, callRow, RECORD_POSITION } from "./call-row.ts";
import { afterCursor, orderAndLimit, planPage, toPage } from "./cursor.ts";
import { findPrincipals } from "./directory.ts";
import { unlessAnswered } from "./in-doubt-calls.ts";
import { PAGE_LIMITS, SEARCH_LIMITS } from "./limits.ts";
import { textMatches } from "./text-search.ts";
import type { CallFilter, CallPage, PageRequest, QueryOptions, ReaderScope } from "./types.ts";

export async function searchCalls(
  database: Database,
  scope: ReaderScope,
  filter: CallFilter,
  page: PageRequest = {},
  options: QueryOptions = {},
): Promise<CallPage> {
  const plan = planPage(page, "newest");
  const conditions: Sql[] = [sql`tenant = ${tenant(scope.tenant)}`, ...timeRange(filter), types(filter)];
  const principals =
    filter.principal === undefined ? null : await findPrincipals(database, scope, filter.principal, options);
  if (principals !== null) {
    if (principals.length === 0) return { rows: [], next: null, previous: null, principals };
    conditions.push(
      sql`principal IN (${join(
        principals.map((person) => text(person.subject_id)),
        ", ",
      )})`,
    );
  }
  for (const [column, value] of [
    [sql`agent`, filter.agent],
    [sql`client`, filter.client],
    [sql`credential`, filter.credential],
    [sql`server`, filter.server],
    [sql`tool`, filter.tool],
    [sql`session`, filter.session],
    [sql`trace_id`, filter.trace],
    [sql`producer`, filter.producer],
  ] as const) {
    if (value !== undefined) conditions.push(sql`${column} = ${text(value)}`);
  }
  if (filter.outcome !== undefined) {
    conditions.push(sql`outcome IN (${words([filter.outcome].flat(), OUTCOMES, "outcome")})`);
  }
  if (filter.outcome === undefined || [filter.outcome].flat().includes("in_doubt")) {
    conditions.push(unlessAnswered(scope, filter));
  }
  if (filter.text !== undefined) conditions.push(textMatches(scope, filter.text, filter));
  const rows = await database.select(
    {
      columns: CALL_COLUMNS,
      rest: sql`FROM records WHERE ${join(conditions, " AND ")}
        AND (${afterCursor(plan, RECORD_POSITION, uuidValue)}) ${orderAndLimit(plan, RECORD_POSITION)}`,
      limits: filter.text === undefined ? PAGE_LIMITS : SEARCH_LIMITS,
    },
    options,
  );
  return { ...toPage(plan, rows.map(callRow), callPosition), principals };
}

export function timeRange({
  since,
  until,
}: {
  since?: string | undefined;
  until?: string | undefined;
}): Sql[] {
  return [
    ...(since === undefined ? [] : [sql`time >= ${time(since)}`]),
    ...(until === undefined ? [] : [sql`time < ${time(until)}`]),
  ];
}

function types(filter: CallFilter): Sql {
  return sql`type IN (${words(filter.types ?? ["call"], RECORD_TYPES, "types")})`;
}

/** A list of words of a closed list. */
export function words(values: readonly string[], known: readonly string[], what: string): Sql {
  const unknown = values.find((value) => !known.includes(value));
  if (values.length === 0 || unknown !== undefined) {
    throw new TriplineError(
      "TRIPLINE_STORE_FILTER_INVALID",
      `the filter is invalid: ${what} must be of ${known.join(", ")}`,
    );
  }
  return join(values.map(word), ", ");
}
