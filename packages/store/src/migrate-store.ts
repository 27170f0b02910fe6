import { type HttpOptions, openHttp } from "./connection/http/http-database.ts";
import { migrate } from "./schema/migrate.ts";

/**
 * Brings the schema at a server to this version, as the user who may. Returns the versions that were run.
 * @throws TRIPLINE_STORE_SCHEMA_NEWER, TRIPLINE_STORE_SCHEMA_OLDER when that user may not either
 */
export async function migrateStore(options: HttpOptions): Promise<number[]> {
  const database = openHttp(options);
  try {
    return await migrate(database);
  } finally {
    await database.close();
  }
}
