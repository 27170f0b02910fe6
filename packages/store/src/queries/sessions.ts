import { TriplineError } from "@tripline/events";
import type { Database } from "../connection/database.ts";
import { integer, sql, tenant, text, time, uuidValue } from "../sql/sql.ts";
import { CALL_COLUMNS, callPosition, callRow, RECORD_POSITION } from "./call-row.ts";
import { afterCursor, orderAndLimit, planPage, toPage } from "./cursor.ts";
import { unlessAnswered } from "./in-doubt-calls.ts";
import { PAGE_LIMITS } from "./limits.ts";
import {
  type CallRow,
  MAX_PAGE_ROWS,
  type Page,
  type PageRequest,
  type QueryOptions,
  type ReaderScope,
} from "./types.ts";

/** A session's calls, and its intents that no call followed. */
export async function session(
  database: Database,
  scope: ReaderScope,
  id: string,
  page: PageRequest = {},
  options: QueryOptions = {},
): Promise<Page<CallRow>> {
  const plan = planPage(page, "oldest");
  const inSession = sql`tenant = ${tenant(scope.tenant)} AND session = ${text(id)}`;
  const rows = await database.select(
    {
      columns: CALL_COLUMNS,
      rest: sql`FROM records WHERE ${inSession}
        AND (type = 'call' OR (type = 'call.intent' AND call_id NOT IN (SELECT call_id FROM records WHERE ${inSession} AND type = 'call')))
        AND ${unlessAnswered(scope)} AND (${afterCursor(plan, RECORD_POSITION, uuidValue)}) ${orderAndLimit(plan, RECORD_POSITION)}`,
      limits: PAGE_LIMITS,
    },
    options,
  );
  return toPage(plan, rows.map(callRow), callPosition);
}

/** Intents in the range that no call followed, oldest first. */
export async function openIntents(
  database: Database,
  scope: ReaderScope,
  range: { since: string; until: string; limit?: number },
  options: QueryOptions = {},
): Promise<CallRow[]> {
  checkDay(range);
  const limit = Math.min(range.limit ?? MAX_PAGE_ROWS, MAX_PAGE_ROWS);
  const ofTenant = sql`tenant = ${tenant(scope.tenant)} AND time >= ${time(range.since)}`;
  const intents = sql`${ofTenant} AND time < ${time(range.until)} AND type = 'call.intent'`;
  const rows = await database.select(
    {
      columns: CALL_COLUMNS,
      // The calls are looked up by the intents, of which there are fewer.
      rest: sql`FROM records WHERE ${intents}
        AND call_id NOT IN (SELECT call_id FROM records WHERE ${ofTenant} AND type = 'call'
          AND call_id IN (SELECT call_id FROM records WHERE ${intents}))
        ORDER BY time, seq, id LIMIT ${integer(limit)}`,
      limits: PAGE_LIMITS,
    },
    options,
  );
  return rows.map(callRow);
}

const DAY_MS = 24 * 3600 * 1000;

export function checkDay({ since, until }: { since: string; until: string }): void {
  const length = Date.parse(until) - Date.parse(since);
  if (length > 0 && length <= DAY_MS) return;
  throw new TriplineError(
    "TRIPLINE_STORE_FILTER_INVALID",
    "the filter is invalid: the range must be longer than nothing and at most a day",
  );
}
