import type { Database } from "../connection/database.ts";
import { integer, type Sql, sql, tenant, time } from "../sql/sql.ts";
import { outcome } from "./call-row.ts";
import { fromProducers, unlessAnswered } from "./in-doubt-calls.ts";
import { COUNT_LIMITS } from "./limits.ts";
import { checkDay } from "./sessions.ts";
import {
  type Activity,
  MAX_ACTIVITY_MINUTES,
  MAX_ACTIVITY_TOOLS,
  MAX_PAGE_ROWS,
  type ProducerRow,
  type QueryOptions,
  type ReaderScope,
} from "./types.ts";

const COUNTS = sql`count() AS calls, countIf(outcome IN ('tool_error', 'protocol_error', 'timeout', 'in_doubt')) AS failed,
  countIf(outcome = 'denied') AS denied`;
const MAX_OUTCOMES = 32;

export async function activity(
  database: Database,
  scope: ReaderScope,
  range: { since: string; until: string },
  options: QueryOptions = {},
): Promise<Activity> {
  checkDay(range);
  const calls = sql`FROM records WHERE tenant = ${tenant(scope.tenant)} AND time >= ${time(range.since)} AND time < ${time(range.until)} AND type = 'call'
    AND ${unlessAnswered(scope, range)}`;
  const select = (columns: Sql, rest: Sql) =>
    database.select({ columns, rest, limits: COUNT_LIMITS }, options);
  const [minutes, tools, outcomes] = await Promise.all([
    select(
      sql`toDateTime64(toStartOfMinute(time), 3, 'UTC') AS minute, ${COUNTS}`,
      sql`${calls} GROUP BY minute ORDER BY minute LIMIT ${integer(MAX_ACTIVITY_MINUTES + 1)}`,
    ),
    select(
      sql`server, tool, ${COUNTS}`,
      sql`${calls} GROUP BY server, tool ORDER BY calls DESC, server, tool LIMIT ${integer(MAX_ACTIVITY_TOOLS)}`,
    ),
    select(
      sql`outcome, count() AS calls`,
      sql`${calls} GROUP BY outcome ORDER BY calls DESC, outcome LIMIT ${integer(MAX_OUTCOMES)}`,
    ),
  ]);
  const counts = (row: { number(column: string): number }) => ({
    calls: row.number("calls"),
    failed: row.number("failed"),
    denied: row.number("denied"),
  });
  return {
    since: range.since,
    until: range.until,
    minutes: minutes.map((row) => ({ minute: row.string("minute"), ...counts(row) })),
    tools: tools.map((row) => ({ server: row.string("server"), tool: row.string("tool"), ...counts(row) })),
    outcomes: outcomes.flatMap((row) => {
      const known = outcome(row.text("outcome"));
      return known === null ? [] : [{ outcome: known, calls: row.number("calls") }];
    }),
  };
}

/** Producers that were heard since then, by the log's clock. */
export async function producers(
  database: Database,
  scope: ReaderScope,
  since: string,
  options: QueryOptions = {},
): Promise<ProducerRow[]> {
  const rows = await database.select(
    {
      columns: sql`producer, argMax(toString(boot), (append_time, seq)) AS last_boot, argMax(seq, (append_time, seq)) AS last_seq,
        argMax(time, (append_time, seq)) AS last_time, max(append_time) AS last_append,
        argMax(if(type = 'heartbeat', JSONExtractBool(detail, 'heartbeat', 'goodbye'), false), (append_time, seq)) AS stopped`,
      rest: sql`FROM records WHERE tenant = ${tenant(scope.tenant)} AND append_time >= ${time(since)} AND ${fromProducers()}
        GROUP BY producer ORDER BY last_append DESC, producer LIMIT ${integer(MAX_PAGE_ROWS)}`,
      limits: COUNT_LIMITS,
    },
    options,
  );
  return rows.map((row) => ({
    producer: row.string("producer"),
    boot: row.string("last_boot"),
    last_seq: row.number("last_seq"),
    last_time: row.string("last_time"),
    last_append_time: row.string("last_append"),
    stopped: row.boolean("stopped"),
  }));
}
