import { IN_DOUBT_PRODUCER, UNNUMBERED_PRODUCERS } from "@tripline/events";
import { join, type Sql, sql, tenant, time, word } from "../sql/sql.ts";
import type { ReaderScope } from "./types.ts";

/**
 * A call whose end nobody saw in time has a record that says `in_doubt`. When the call's own record comes after all, both
 * are kept, and the call is shown by its own.
 */
const CLOSED_BY_US = sql`producer = ${word(IN_DOUBT_PRODUCER)}`;

/** Leaves out what a later record of the same call has answered. @param range of the records that are shown */
export function unlessAnswered(
  scope: ReaderScope,
  range: { since?: string | undefined; until?: string | undefined } = {},
): Sql {
  const ofTenant = sql`tenant = ${tenant(scope.tenant)} AND type = 'call'`;
  const shown = [
    ofTenant,
    CLOSED_BY_US,
    ...(range.since === undefined ? [] : [sql`time >= ${time(range.since)}`]),
    ...(range.until === undefined ? [] : [sql`time < ${time(range.until)}`]),
  ];
  return sql`(NOT (${CLOSED_BY_US}) OR call_id NOT IN (SELECT call_id FROM records WHERE ${ofTenant} AND NOT (${CLOSED_BY_US})
    AND call_id IN (SELECT call_id FROM records WHERE ${join(shown, " AND ")})))`;
}

/** Leaves out who only closes calls or says which rules are in force, and is no producer that anybody started. */
export function fromProducers(): Sql {
  return sql`producer NOT IN (${join(UNNUMBERED_PRODUCERS.map(word), ", ")})`;
}
