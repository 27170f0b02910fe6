import { randomBytes } from "node:crypto";
import { TriplineError } from "@tripline/events";
import { Row } from "../sql/row.ts";
import { render, sql } from "../sql/sql.ts";
import type { Query } from "./database.ts";

/**
 * Every query carries a random mark: as the first column of each of its rows, and as `log_comment`.
 *
 * Hazard: the embedded engine hands the partial rows of a failed query out as the start of the connection's next
 * result. Connections are flushed after every failure; a row that is not the query's own nevertheless can't get
 * through, because it does not carry the mark.
 */

const MAX_QUERY_MEMORY_BYTES = 1_000_000_000; // a page needs some MB; a scan's sort or set may need more
const MAX_MATCHES_IN_SET = 200_000; // matches of a text search that are joined with the calls; 3 MB
const MAX_THREADS = 2; // leave cores to the pipeline in the same process

export interface MarkedQuery {
  mark: string;
  text: string;
  params: Record<string, string>;
}

const MARK = "query_mark";

export function markQuery(query: Query): MarkedQuery {
  const mark = randomBytes(12).toString("hex");
  const { text, params } = render(sql`${query.columns}\n${query.rest}`);
  // Settings go into the statement: the client would send them as SET, which sticks to the connection.
  const settings = [
    `log_comment = '${mark}'`,
    `max_execution_time = ${query.limits.seconds}`,
    "timeout_overflow_mode = 'throw'",
    `max_result_rows = ${query.limits.rows}`,
    "result_overflow_mode = 'throw'",
    `max_memory_usage = ${MAX_QUERY_MEMORY_BYTES}`,
    `max_rows_in_set = ${MAX_MATCHES_IN_SET}`,
    "set_overflow_mode = 'throw'",
    `max_threads = ${MAX_THREADS}`,
    "date_time_output_format = 'iso'",
    "output_format_json_quote_64bit_integers = 0",
    "output_format_json_escape_forward_slashes = 0",
  ];
  return { mark, params, text: `SELECT '${mark}' AS ${MARK}, ${text}\nSETTINGS ${settings.join(", ")}` };
}

/** The rows, once each has shown that it is this query's own. @throws TRIPLINE_STORE_FOREIGN_ROWS */
export function ownRows(query: MarkedQuery, rows: readonly unknown[]): Row[] {
  return rows.map((row) => {
    if (!isRecord(row) || row[MARK] !== query.mark) {
      throw new TriplineError(
        "TRIPLINE_STORE_FOREIGN_ROWS",
        "the engine answered with rows of another query; they were dropped and the connection is replaced",
        { kind: "retriable" },
      );
    }
    return new Row(row);
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
