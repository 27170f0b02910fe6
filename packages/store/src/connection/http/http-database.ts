import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { ClickHouseLogLevel, createClient } from "@clickhouse/client";
import { aborted, closed, insertError, queryError } from "../../errors.ts";
import type { Row } from "../../sql/row.ts";
import type { Sql } from "../../sql/sql.ts";
import type { Database, ErasableTable, Insert, NativeAnswer, Query } from "../database.ts";
import { type MarkedQuery, markQuery, ownRows } from "../marked-query.ts";
import { removal } from "../removal.ts";
import { wholeOf } from "../whole-of.ts";

export interface HttpOptions {
  url: string;
  username?: string | undefined;
  password?: string | undefined;
  database?: string | undefined;
  /** How long an answer may take; default 60 s, which is above every statement's own limit. Shorter only for tests. */
  requestTimeoutMs?: number | undefined;
}

const MAX_CONNECTIONS = 10; // the writer, and as many readers as one process has use for
/** The status of an answer is that of the whole statement, and not of its beginning. */
const WHOLE = { wait_end_of_query: 1 } as const;
const REQUEST_TIMEOUT_MS = 60_000; // above the longest max_execution_time, which ends the statement by itself

/** A ClickHouse server over HTTP. Every request has its own session there, so nothing sticks between queries. */
export function openHttp(options: HttpOptions): Database {
  const client = createClient({
    url: options.url,
    username: options.username ?? "default",
    password: options.password ?? "",
    ...(options.database === undefined ? {} : { database: options.database }),
    max_open_connections: MAX_CONNECTIONS,
    request_timeout: options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
    application: "tripline",
    log: { level: ClickHouseLogLevel.OFF }, // it would quote statements; errors come back to the caller
  });
  let isClosed = false;

  function select(query: Query, options?: { signal?: AbortSignal | undefined }): Promise<Row[]> {
    return ask(query, options, async (marked, aborting) => {
      const result = await client.query({
        query: marked.text,
        format: "JSONEachRow",
        query_params: marked.params,
        clickhouse_settings: WHOLE,
        ...aborting,
      });
      return ownRows(marked, await result.json());
    });
  }

  function native(query: Query, options?: { signal?: AbortSignal | undefined }): Promise<NativeAnswer> {
    return ask(query, options, async (marked, aborting) => {
      const { stream } = await client.exec({
        query: `${marked.text} FORMAT Native`,
        query_params: marked.params,
        clickhouse_settings: WHOLE,
        ...aborting,
      });
      return { bytes: await wholeOf(stream), mark: marked.mark };
    });
  }

  async function ask<T>(
    query: Query,
    { signal }: { signal?: AbortSignal | undefined } = {},
    answer: (marked: MarkedQuery, aborting: { abort_signal?: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    if (isClosed) throw closed();
    const marked = markQuery(query);
    try {
      return await answer(marked, signal === undefined ? {} : { abort_signal: signal });
    } catch (error) {
      if (signal?.aborted !== true) throw queryError(error);
      // The server would compute on after the connection is gone.
      await client
        .command({ query: `KILL QUERY WHERE Settings['log_comment'] = '${marked.mark}' ASYNC` })
        .catch((cause: unknown) => {
          throw queryError(cause);
        });
      throw aborted();
    }
  }

  async function insert({ table, columns, body, token }: Insert): Promise<void> {
    if (isClosed) throw closed();
    try {
      const result = await client.exec({
        query:
          `INSERT INTO ${table} (${columns.join(", ")}) SETTINGS insert_deduplication_token = '${token}', ` +
          "async_insert = 0, max_execution_time = 50, input_format_parallel_parsing = 0, date_time_input_format = 'best_effort' FORMAT JSONCompactEachRow",
        values: Readable.from([body], { objectMode: false }),
        clickhouse_settings: WHOLE,
      });
      // An insert answers with nothing; only the answer's end says that it was done.
      if ((await text(result.stream)) !== "") throw new Error("the server answered an insert with a text");
    } catch (error) {
      throw insertError(error, table);
    }
  }

  async function command(statement: string): Promise<void> {
    if (isClosed) throw closed();
    try {
      await client.command({ query: statement });
    } catch (error) {
      throw queryError(error);
    }
  }

  async function remove(table: ErasableTable, where: Sql): Promise<void> {
    await command(removal(table, where));
  }

  async function close(): Promise<void> {
    isClosed = true;
    await client.close();
  }

  return { kind: "http", select, native, insert, command, remove, damage: async () => null, close };
}
