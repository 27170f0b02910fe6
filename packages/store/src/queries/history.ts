import { TriplineError } from "@tripline/events";
import type { Database } from "../connection/database.ts";
import { join, type Sql, sql, tenant, text, time, uuidValue, word } from "../sql/sql.ts";
import { RECORD_POSITION } from "./call-row.ts";
import { afterCursor, encodeCursor, orderAndLimit, planPage } from "./cursor.ts";
import { HISTORY_LIMITS } from "./limits.ts";
import { ENVELOPE_SELECT, envelopeText, PAYLOAD_SELECT, payloadText } from "./records.ts";
import { timeRange } from "./search-calls.ts";
import {
  type HistoryFilter,
  type HistoryPage,
  MAX_HISTORY_ROWS,
  type QueryOptions,
  type ReaderScope,
} from "./types.ts";

const MAX_PAGE_BYTES = 16 * 1024 * 1024; // of arguments and results, as far as their sizes are known; at least one record
const MAX_COUNTED_BYTES = 1024 * 1024; // of one of them: no more of it can be stored

/**
 * Records whole, with their payloads, in the order in which they happened: what a replay needs. Pages go on where the one
 * before ended, however many records came since.
 */
export async function history(
  database: Database,
  scope: ReaderScope,
  filter: HistoryFilter,
  page: { limit?: number | undefined; cursor?: string | undefined } = {},
  options: QueryOptions = {},
): Promise<HistoryPage> {
  if (!scope.payloads)
    throw new TriplineError(
      "TRIPLINE_STORE_FILTER_INVALID",
      "the filter is invalid: payloads may not be read",
    );
  const limit = Math.min(page.limit ?? MAX_HISTORY_ROWS, MAX_HISTORY_ROWS);
  const plan = { ...planPage({ order: "oldest", cursor: page.cursor }, "oldest"), limit };
  const conditions: Sql[] = [
    sql`tenant = ${tenant(scope.tenant)}`,
    ...timeRange(filter),
    sql`type IN (${join(filter.types.map(word), ", ")})`,
  ];
  if (filter.credential !== undefined) conditions.push(sql`credential = ${text(filter.credential)}`);
  if (filter.session !== undefined) conditions.push(sql`session = ${text(filter.session)}`);
  const fetched = await database.select(
    {
      columns: sql`${ENVELOPE_SELECT}, toString(id) AS the_id, ifNull(args_bytes, 0) AS size_of_args, ifNull(result_bytes, 0) AS size_of_result`,
      rest: sql`FROM records WHERE ${join(conditions, " AND ")} AND (${afterCursor(plan, RECORD_POSITION, uuidValue)})
        ${orderAndLimit(plan, RECORD_POSITION)}`,
      limits: HISTORY_LIMITS,
    },
    options,
  );
  let bytes = 0;
  let count = 0;
  for (const row of fetched.slice(0, limit)) {
    bytes += Math.min(row.number("size_of_args"), MAX_COUNTED_BYTES);
    bytes += Math.min(row.number("size_of_result"), MAX_COUNTED_BYTES);
    if (count > 0 && bytes > MAX_PAGE_BYTES) break;
    count += 1;
  }
  const rows = fetched.slice(0, count);
  const [first] = rows;
  const last = rows.at(-1);
  if (first === undefined || last === undefined) return { records: [], next: null };
  const payloads = await payloadsOf(
    database,
    scope,
    {
      since: first.string("c_time"),
      until: last.string("c_time"),
      ids: rows.map((row) => row.string("the_id")),
    },
    options,
  );
  return {
    records: rows.map((row) => ({
      envelope_text: envelopeText(row),
      has_payload: row.string("c_payload_hash_hex") !== "",
      payload_text: payloads.get(row.string("the_id")) ?? null,
      append_time: row.string("append_time"),
    })),
    next:
      fetched.length > count
        ? encodeCursor({
            towards: "next",
            time: last.string("c_time"),
            seq: last.number("c_seq"),
            id: last.string("the_id"),
          })
        : null,
  };
}

async function payloadsOf(
  database: Database,
  scope: ReaderScope,
  { since, until, ids }: { since: string; until: string; ids: readonly string[] },
  options: QueryOptions,
): Promise<Map<string, string>> {
  const rows = await database.select(
    {
      columns: sql`toString(record_id) AS the_id, ${PAYLOAD_SELECT}`,
      rest: sql`FROM payloads WHERE tenant = ${tenant(scope.tenant)} AND time >= ${time(since)} AND time <= ${time(until)}
        AND record_id IN (${join(ids.map(uuidValue), ", ")}) LIMIT ${{ pieces: [String(2 * MAX_HISTORY_ROWS)] }}`,
      limits: HISTORY_LIMITS,
    },
    options,
  );
  return new Map(rows.map((row) => [row.string("the_id"), payloadText(row)]));
}
