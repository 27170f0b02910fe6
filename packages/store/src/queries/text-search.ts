import { TriplineError } from "@tripline/events";
import { join, type Sql, sql, tenant, text } from "../sql/sql.ts";
import { timeRange } from "./search-calls.ts";
import type { ReaderScope } from "./types.ts";

const MAX_TEXT_CHARS = 512;

/**
 * Records whose call said this text: in its arguments (which may be in the call's intent), its result or its error.
 * Whole words, any case (ASCII), in this order. Each column is searched by itself, so that each can use its index.
 */
export function textMatches(
  scope: ReaderScope,
  wanted: string,
  range: { since?: string | undefined; until?: string | undefined },
): Sql {
  if (!scope.payloads) {
    throw new TriplineError(
      "TRIPLINE_STORE_PAYLOAD_FORBIDDEN",
      "searching in arguments and results needs the role read_payload",
    );
  }
  if (wanted.trim() === "" || wanted.length > MAX_TEXT_CHARS) {
    throw new TriplineError(
      "TRIPLINE_STORE_FILTER_INVALID",
      `the filter is invalid: text must be 1 to ${MAX_TEXT_CHARS} characters`,
    );
  }
  const exact = wanted.toWellFormed();
  // Arguments are stored as JSON, where quotes and line ends look different.
  const inJson = JSON.stringify(exact).slice(1, -1);
  const where = join([sql`tenant = ${tenant(scope.tenant)}`, ...timeRange(range)], " AND ");
  const hits = (column: Sql, needle: string) => {
    const words = /[A-Za-z0-9]/.test(needle) ? sql`hasAllTokens(${column}, ${text(needle)}) AND ` : sql``;
    return sql`SELECT record_id, call_id FROM payloads WHERE ${where} AND ${words}positionCaseInsensitive(${column}, ${text(needle)}) > 0`;
  };
  const all = sql`${hits(sql`args`, inJson)} UNION ALL ${hits(sql`result`, exact)} UNION ALL ${hits(sql`error`, exact)}`;
  const none = sql`toUUID('00000000-0000-0000-0000-000000000000')`;
  return sql`(id IN (SELECT record_id FROM (${all})) OR (call_id != ${none} AND call_id IN (SELECT call_id FROM (${all}))))`;
}
