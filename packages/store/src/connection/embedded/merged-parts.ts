import { stat } from "node:fs/promises";
import { join } from "node:path";
import { integer, sql } from "../../sql/sql.ts";
import type { Database } from "../database.ts";

const LIMITS = { seconds: 5, rows: 10_000 };
const YOUNGER_THAN_SECONDS = 600; // what such a part came from is there for eight minutes

/**
 * Hazard: when the disk is full while the engine merges, it may put the merged part in force although all its files are empty,
 * and removes the parts it came from eight minutes later. Until then an engine that is started finds the empty part and goes
 * on with the ones before.
 *
 * The paths of such parts among those that were merged lately; [] when all is well.
 */
export async function emptyMergedParts(database: Pick<Database, "select">): Promise<string[]> {
  const rows = await database.select({
    columns: sql`path`,
    rest: sql`FROM system.parts WHERE active AND level > 0 AND database = currentDatabase()
      AND modification_time > now() - ${integer(YOUNGER_THAN_SECONDS)} LIMIT ${integer(LIMITS.rows)}`,
    limits: LIMITS,
  });
  const empty: string[] = [];
  for (const row of rows) {
    const path = row.string("path");
    if (await isEmpty(path)) empty.push(path);
  }
  return empty;
}

async function isEmpty(part: string): Promise<boolean> {
  try {
    return (await stat(join(part, "checksums.txt"))).size === 0;
  } catch (error) {
    // Merged on, and removed, since the question was answered.
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
    throw error;
  }
}
