import type { ClickHouseClientConfigOptions } from "@clickhouse/client";
import type { ChdbConnection } from "chdb/connection";

type ClientConnection = NonNullable<ClickHouseClientConfigOptions["connection"]>;

/**
 * The embedded connection as the official client takes it. The statement and its parameters pass, settings do not: the
 * embedded engine would run them as `SET`, which sticks to the connection, and a setting's value can carry SQL.
 */
export function clientConnection(chdb: ChdbConnection): ClientConnection {
  return {
    query: ({ query, query_params }) => chdb.query({ query, ...(query_params && { query_params }) }),
    command: ({ query, query_params }) => chdb.command({ query, ...(query_params && { query_params }) }),
    exec: ({ query }) => chdb.exec({ query }),
    insert: ({ query, values }) => chdb.insert({ query, values }),
    ping: () => chdb.ping({ select: true }),
    close: () => chdb.close(),
  };
}
