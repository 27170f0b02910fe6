import { TriplineError } from "@tripline/events";
import type { Database } from "../connection/database.ts";
import { integer, sql } from "../sql/sql.ts";
import type { Migration } from "./migration.ts";
import { firstTables } from "./migrations/0001-first-tables.ts";
import { smallerPayloads } from "./migrations/0002-smaller-payloads.ts";
import { completeness } from "./migrations/0003-completeness.ts";
import { deadLetters } from "./migrations/0004-dead-letters.ts";

export const MIGRATIONS: readonly Migration[] = [firstTables, smallerPayloads, completeness, deadLetters];

const LIMITS = { seconds: 10, rows: 10_000 };

/**
 * Brings the schema to this version; does nothing when it is there. Returns the versions that were run.
 * @throws TRIPLINE_STORE_SCHEMA_NEWER when the database was used by a later version.
 */
export async function migrate(
  database: Database,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<number[]> {
  await database.command(
    `CREATE TABLE IF NOT EXISTS schema_migrations
     (version UInt32, name String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3))
     ENGINE = MergeTree ORDER BY version
     SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1`,
  );
  const applied = new Set(
    (
      await database.select({
        columns: sql`version`,
        rest: sql`FROM schema_migrations GROUP BY version LIMIT ${integer(LIMITS.rows)}`,
        limits: LIMITS,
      })
    ).map((row) => row.number("version")),
  );
  const newest = migrations.at(-1)?.version ?? 0;
  const unknown = [...applied].find((version) => version > newest);
  if (unknown !== undefined) {
    throw new TriplineError(
      "TRIPLINE_STORE_SCHEMA_NEWER",
      `the store's schema is at version ${unknown}, this program knows ${newest}: start the version that wrote it, or a later one`,
    );
  }
  const run: number[] = [];
  for (const migration of migrations) {
    if (applied.has(migration.version)) continue;
    for (const statement of migration.statements) await database.command(statement);
    await database.insert({
      table: "schema_migrations",
      columns: ["version", "name"],
      body: Buffer.from(JSON.stringify([migration.version, migration.name])),
      token: `migration:${migration.version}`,
    });
    run.push(migration.version);
  }
  return run;
}
