import { TriplineError } from "@tripline/events";
import type { Database } from "../connection/database.ts";
import { isDenied } from "../errors.ts";
import { integer, sql } from "../sql/sql.ts";
import type { Migration } from "./migration.ts";
import { firstTables } from "./migrations/0001-first-tables.ts";
import { smallerPayloads } from "./migrations/0002-smaller-payloads.ts";
import { completeness } from "./migrations/0003-completeness.ts";
import { deadLetters } from "./migrations/0004-dead-letters.ts";
import { incidents } from "./migrations/0005-incidents.ts";

export const MIGRATIONS: readonly Migration[] = [
  firstTables,
  smallerPayloads,
  completeness,
  deadLetters,
  incidents,
];

const LIMITS = { seconds: 10, rows: 10_000 };

/**
 * Brings the schema to this version; only looks when it is there, so that a user who may change no table can start.
 * Returns the versions that were run.
 * @throws TRIPLINE_STORE_SCHEMA_OLDER (retriable) when migrations are missing and the user may not run them
 * @throws TRIPLINE_STORE_SCHEMA_NEWER when the database was used by a later version.
 */
export async function migrate(
  database: Database,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<number[]> {
  const applied = await appliedVersions(database);
  const newest = migrations.at(-1)?.version ?? 0;
  const unknown = [...applied].find((version) => version > newest);
  if (unknown !== undefined) {
    throw new TriplineError(
      "TRIPLINE_STORE_SCHEMA_NEWER",
      `the store's schema is at version ${unknown}, this program knows ${newest}: start the version that wrote it, or a later one`,
    );
  }
  const missing = migrations.filter(({ version }) => !applied.has(version));
  if (missing.length === 0) return [];
  try {
    await run(database, missing);
  } catch (cause) {
    if (!isDenied(cause)) throw cause;
    throw new TriplineError(
      "TRIPLINE_STORE_SCHEMA_OLDER",
      `the store's schema is at version ${Math.max(0, ...applied)}, this program needs ${newest}, and its user may not change it: run \`tripline store migrate\` as the user that may`,
      { kind: "retriable", cause },
    );
  }
  return missing.map(({ version }) => version);
}

async function appliedVersions(database: Database): Promise<Set<number>> {
  const [found] = await database.select({
    columns: sql`count() AS tables_there`,
    rest: sql`FROM system.tables WHERE database = currentDatabase() AND name = 'schema_migrations' LIMIT 1`,
    limits: LIMITS,
  });
  if (found?.number("tables_there") !== 1) return new Set();
  const rows = await database.select({
    columns: sql`version`,
    rest: sql`FROM schema_migrations GROUP BY version LIMIT ${integer(LIMITS.rows)}`,
    limits: LIMITS,
  });
  return new Set(rows.map((row) => row.number("version")));
}

async function run(database: Database, missing: readonly Migration[]): Promise<void> {
  await database.command(
    `CREATE TABLE IF NOT EXISTS schema_migrations
     (version UInt32, name String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3))
     ENGINE = MergeTree ORDER BY version
     SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1`,
  );
  for (const migration of missing) {
    for (const statement of migration.statements) await database.command(statement);
    await database.insert({
      table: "schema_migrations",
      columns: ["version", "name"],
      body: Buffer.from(JSON.stringify([migration.version, migration.name])),
      token: `migration:${migration.version}`,
    });
  }
}
