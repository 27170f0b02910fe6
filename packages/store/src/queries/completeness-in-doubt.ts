import { envelopeSchema } from "@tripline/events";
import type { Database } from "../connection/database.ts";
import { integer, join, sql, time, uuidValue } from "../sql/sql.ts";
import { inLog } from "./completeness-rows.ts";
import type { CallName, LogSpan, WaitingIntent } from "./completeness-types.ts";
import { ENVELOPE_SELECT, envelopeText } from "./records.ts";

const LIMITS = { seconds: 10, rows: 10_000 };
const LOOKUP_IDS = 1_000;

/** The stretch's intents that no stored call followed, in their order. */
export async function waitingIntents(
  database: Database,
  span: LogSpan,
  limit: number,
): Promise<WaitingIntent[]> {
  const intents = sql`${inLog(span)} AND type = 'call.intent'`;
  const behind = span.since === null ? sql`1` : sql`append_time >= ${time(span.since)}`;
  const rows = await database.select({
    columns: ENVELOPE_SELECT,
    // The calls are looked up by the intents, of which there are fewer, and were appended behind them.
    rest: sql`FROM records WHERE ${intents} AND (tenant, call_id) NOT IN (
        SELECT tenant, call_id FROM records WHERE ${behind} AND type = 'call'
          AND call_id IN (SELECT call_id FROM records WHERE ${intents}))
      ORDER BY source_offset LIMIT ${integer(limit)}`,
    limits: LIMITS,
  });
  return rows.flatMap((row) => {
    const parsed = envelopeSchema.safeParse(JSON.parse(envelopeText(row)));
    if (!parsed.success || parsed.data.call === undefined) return [];
    return [
      {
        envelope: parsed.data,
        offset: row.number("source_offset"),
        append_time: row.string("append_time"),
      },
    ];
  });
}

/** Which of these calls have a call record, whatever it says. */
export async function endedCalls(database: Database, calls: readonly CallName[]): Promise<Set<string>> {
  const ended = new Set<string>();
  for (let first = 0; first < calls.length; first += LOOKUP_IDS) {
    const some = calls.slice(first, first + LOOKUP_IDS);
    const rows = await database.select({
      columns: sql`tenant, toString(call_id) AS the_call_id`,
      rest: sql`FROM records WHERE type = 'call' AND call_id IN (${join(
        some.map(({ callId }) => uuidValue(callId)),
        ", ",
      )}) GROUP BY tenant, the_call_id LIMIT ${integer(LIMITS.rows)}`,
      limits: LIMITS,
    });
    for (const row of rows) ended.add(`${row.string("tenant")}\n${row.string("the_call_id")}`);
  }
  return ended;
}
