import type { Row } from "../sql/row.ts";
import type { Sql } from "../sql/sql.ts";

/**
 * The port to one ClickHouse: what the queries and the writer need of it. Implementations: `embedded/` (chDB) and
 * `http/` (a server), both through @clickhouse/client.
 */
export interface Database {
  readonly kind: "embedded" | "http";
  select(query: Query, options?: { signal?: AbortSignal | undefined }): Promise<Row[]>;
  /** The same answer in ClickHouse's Native format, for rows by the ten thousand: see `native/`. */
  native(query: Query, options?: { signal?: AbortSignal | undefined }): Promise<NativeAnswer>;
  /** Resolves when the rows are durable; a token that was seen with the same rows inserts nothing. */
  insert(insert: Insert): Promise<void>;
  /** For migrations only: statements of this package's own text. */
  command(statement: string): Promise<void>;
  /**
   * Starts to remove the rows for which this holds, and resolves when the removal is durable:
   * it is finished in the background, also after a restart. The condition binds nothing.
   */
  remove(table: ErasableTable, where: Sql): Promise<void>;
  /** What is wrong with what lies on the disk and only a new start mends, for an operator; null when nothing is, or it can't be seen from here. */
  damage(): Promise<string | null>;
  close(): Promise<void>;
}

/** Tables that rows are ever removed from. */
export type ErasableTable = "payloads" | "directory" | "records";

/** Bytes, and the mark that each row in them begins with. */
export interface NativeAnswer {
  bytes: Uint8Array;
  mark: string;
}

export interface Query {
  /** What is selected, without SELECT. */
  columns: Sql;
  /** Everything from FROM on, with its LIMIT. */
  rest: Sql;
  limits: QueryLimits;
}

/** Every query ends by itself: in time, in rows, in memory. */
export interface QueryLimits {
  seconds: number;
  rows: number;
}

export interface Insert {
  table: string;
  columns: readonly string[];
  /** JSON arrays, a line for each row, in the order of the columns. Not to be changed until the insert has settled. */
  body: Buffer;
  token: string;
}
