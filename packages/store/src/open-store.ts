import { TriplineError } from "@tripline/events";
import type { Database } from "./connection/database.ts";
import { openEmbedded } from "./connection/embedded/embedded-database.ts";
import { DEFAULT_MEMORY, type MemoryLimits } from "./connection/embedded/engine-config.ts";
import { type HttpOptions, openHttp } from "./connection/http/http-database.ts";
import { createEraser } from "./erase/eraser.ts";
import { createCompletenessStore } from "./queries/completeness-store.ts";
import { createDeadLetterReader } from "./queries/dead-letters.ts";
import { createReader } from "./queries/reader.ts";
import { createReconcileReader } from "./queries/reconcile.ts";
import { migrate } from "./schema/migrate.ts";
import { createSealedReader } from "./sealed/sealed-reader.ts";
import type { SealedReader } from "./sealed/types.ts";
import { integer, join, sql, word } from "./sql/sql.ts";
import { COUNTED_TABLES, type CountedTable, type Store, type StoreHealth } from "./store.ts";
import { createWriter } from "./write/writer.ts";

export type StoreOptions = { dataDir: string; memory?: Partial<MemoryLimits> | undefined } | HttpOptions;

const META_LIMITS = { seconds: 5, rows: 1_000 };

/**
 * Opens the store and brings its schema to this version.
 *
 * Embedded (`dataDir`): ClickHouse's engine inside this process. One open store in a process, on the main thread. Start
 * Node with UV_THREADPOOL_SIZE=16 in its environment: each running query occupies one of libuv's threads, and there
 * are 4 by default, which leaves one reader.
 *
 * @throws TriplineError TRIPLINE_STORE_LOCKED when another process has it open; see `Engine.open` and `migrate`.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const database =
    "dataDir" in options
      ? await openEmbedded(options.dataDir, { ...DEFAULT_MEMORY, ...options.memory })
      : openHttp(options);
  try {
    await migrate(database);
  } catch (error) {
    await database.close();
    throw error;
  }
  return createStore(database);
}

/** What verifying needs of a server, with any user who may read: nothing is migrated or written. */
export function openSealedReader(options: HttpOptions): { sealed: SealedReader; close(): Promise<void> } {
  const database = openHttp(options);
  return { sealed: createSealedReader(database), close: () => database.close() };
}

/** A store over a database whose schema is of this version. */
export function createStore(database: Database): Store {
  let health: StoreHealth = { state: "ready" };
  const watched: Database = {
    ...database,
    select: (query, options) => watch(database.select(query, options)),
    native: (query, options) => watch(database.native(query, options)),
    insert: (insert) => watch(database.insert(insert)),
  };

  async function watch<T>(work: Promise<T>): Promise<T> {
    try {
      const result = await work;
      if (health.state === "failed") health = { state: "ready" };
      return result;
    } catch (error) {
      const isOutage = error instanceof TriplineError && error.code === "TRIPLINE_STORE_UNAVAILABLE";
      if (isOutage) health = { state: "failed", detail: error.message };
      throw error;
    }
  }

  return {
    kind: database.kind,
    writer: createWriter(watched),
    reader: (scope) => createReader(watched, scope),
    completeness: createCompletenessStore(watched),
    deadLetters: createDeadLetterReader(watched),
    reconcile: createReconcileReader(watched),
    sealed: createSealedReader(watched),
    eraser: createEraser(watched),
    async ping() {
      await watched.select({ columns: sql`1 AS one`, rest: sql`LIMIT 1`, limits: META_LIMITS });
    },
    health: () => health,
    damage: () => watched.damage(),
    async tableSizes() {
      const sizes = Object.fromEntries(COUNTED_TABLES.map((table) => [table, { rows: 0, bytes: 0 }]));
      const rows = await watched.select({
        columns: sql`table, sum(rows) AS row_count, sum(bytes_on_disk) AS byte_count`,
        rest: sql`FROM system.parts WHERE active AND database = currentDatabase() AND table IN (${join(COUNTED_TABLES.map(word), ", ")})
          GROUP BY table LIMIT ${integer(META_LIMITS.rows)}`,
        limits: META_LIMITS,
      });
      for (const row of rows) {
        sizes[row.string("table")] = { rows: row.number("row_count"), bytes: row.number("byte_count") };
      }
      return pick(sizes);
    },
    async close() {
      health = { state: "closed" };
      await database.close();
    },
  };
}

type Size = { rows: number; bytes: number };

function pick(sizes: Readonly<Record<string, Size>>): Record<CountedTable, Size> {
  const size = (table: CountedTable): Size => sizes[table] ?? { rows: 0, bytes: 0 };
  return {
    records: size("records"),
    payloads: size("payloads"),
    directory: size("directory"),
    alerts: size("alerts"),
    alert_states: size("alert_states"),
    revocations: size("revocations"),
    incidents: size("incidents"),
    incident_alerts: size("incident_alerts"),
  };
}
