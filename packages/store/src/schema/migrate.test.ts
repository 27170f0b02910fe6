import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Database } from "../connection/database.ts";
import { openEmbedded } from "../connection/embedded/embedded-database.ts";
import { DEFAULT_MEMORY } from "../connection/embedded/engine-config.ts";
import { createStore } from "../open-store.ts";
import { sql } from "../sql/sql.ts";
import { insertRecords, temporaryDirectory, testRecord } from "../testing/index.ts";
import { MIGRATIONS, migrate } from "./migrate.ts";

let directory: ReturnType<typeof temporaryDirectory>;
let database: Database;

beforeEach(async () => {
  directory = temporaryDirectory();
  database = await openEmbedded(directory.path, DEFAULT_MEMORY);
});
afterEach(async () => {
  await database.close();
  directory.remove();
});

async function tables(): Promise<string[]> {
  const rows = await database.select({
    columns: sql`name`,
    rest: sql`FROM system.tables WHERE database = currentDatabase() ORDER BY name LIMIT 100`,
    limits: { seconds: 5, rows: 100 },
  });
  return rows.map((row) => row.string("name"));
}

describe("migrations", () => {
  it("are numbered from 1 without a gap", () => {
    expect(MIGRATIONS.map((migration) => migration.version)).toEqual(MIGRATIONS.map((_, index) => index + 1));
  });

  it("make all tables from nothing, once, and leave rows alone when they run again", async () => {
    expect(await migrate(database)).toEqual(MIGRATIONS.map((migration) => migration.version));
    const made = await tables();
    expect(made).toContain("records");
    await insertRecords(createStore(database).writer, [testRecord(1)]);
    expect(await migrate(database)).toEqual([]);
    await database.close();
    database = await openEmbedded(directory.path, DEFAULT_MEMORY);
    expect(await migrate(database)).toEqual([]);
    expect(await tables()).toEqual(made);
    expect((await createStore(database).tableSizes()).records.rows).toBe(1);
  });

  it("go on where a crash left them", async () => {
    const [first] = MIGRATIONS;
    await database.command(first?.statements[0] ?? "");
    expect(await migrate(database)).toEqual(MIGRATIONS.map((migration) => migration.version));
    expect(await migrate(database)).toEqual([]);
  });

  it("refuse a schema of a later version", async () => {
    await migrate(database, [...MIGRATIONS, { version: 99, name: "later", statements: [] }]);
    await expect(migrate(database)).rejects.toMatchObject({ code: "TRIPLINE_STORE_SCHEMA_NEWER" });
  });
});
