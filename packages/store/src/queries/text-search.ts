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
  const ofTenant = join([sql`tenant = ${tenant(scope.tenant)}`, ...timeRange(range)], " AND ");
  const hits = (column: Sql, needle: string, hasWords: Sql) =>
    sql`SELECT record_id FROM payloads WHERE ${ofTenant} AND ${hasWords} AND positionCaseInsensitive(${column}, ${text(needle)}) > 0`;
  const all = sql`SELECT record_id FROM (${hits(sql`args`, inJson, inTextIndex(sql`args`, inJson))}
    UNION ALL ${hits(sql`result`, exact, inWordFilter(sql`result`, exact))}
    UNION ALL ${hits(sql`error`, exact, inTextIndex(sql`error`, exact))})`;
  const none = sql`toUUID('00000000-0000-0000-0000-000000000000')`;
  // A call and its intent are one: what either said finds both.
  return sql`(id IN (${all}) OR (call_id != ${none} AND call_id IN
    (SELECT call_id FROM records WHERE ${ofTenant} AND call_id != ${none} AND id IN (${all}))))`;
}

/** Every word of the needle, by the column's text index. */
function inTextIndex(column: Sql, needle: string): Sql {
  return /[A-Za-z0-9]/.test(needle) ? sql`hasAllTokens(${column}, ${text(needle)})` : sql`1`;
}

const MAX_FILTERED_WORDS = 8; // each costs a look at the filter, and a scan of what it lets through

/** The needle's longest words, by the column's Bloom filter: it knows lower-case words of letters and digits. */
function inWordFilter(column: Sql, needle: string): Sql {
  const found = needle.toLowerCase().match(WORD) ?? [];
  const words = [...new Set(found)].sort((a, b) => b.length - a.length).slice(0, MAX_FILTERED_WORDS);
  if (words.length === 0) return sql`1`;
  return join(
    words.map((word) => sql`hasToken(lower(${column}), ${text(word)})`),
    " AND ",
  );
}

/** A run of letters, digits and what is not ASCII: the engine's words. */
const WORD = /[A-Za-z0-9\u0080-\u{10ffff}]+/gu;
