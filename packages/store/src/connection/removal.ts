import { render, type Sql } from "../sql/sql.ts";
import type { ErasableTable } from "./database.ts";

/**
 * The statement that removes rows: a mutation, which rewrites the parts without them, so that nothing is left on the disk
 * but for the minutes that the database keeps old parts. Not waited for: with many rows it takes minutes.
 */
export function removal(table: ErasableTable, where: Sql): string {
  const { text, params } = render(where);
  if (Object.keys(params).length > 0)
    throw new Error("a removal outlives its statement: nothing can be bound");
  return `ALTER TABLE ${table} DELETE WHERE ${text} SETTINGS mutations_sync = 0`;
}
