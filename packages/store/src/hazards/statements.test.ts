import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Database } from "../connection/database.ts";
import { openEmbedded } from "../connection/embedded/embedded-database.ts";
import { DEFAULT_MEMORY } from "../connection/embedded/engine-config.ts";
import { rowFromName } from "../rows/index.ts";
import { migrate } from "../schema/migrate.ts";
import { integer, sql, tenant, text, time, uuidValue, word } from "../sql/sql.ts";
import { GENERATION, insertRecords, T0, temporaryDirectory, testRecord } from "../testing/index.ts";
import { createWriter, token } from "../write/writer.ts";

const directory = temporaryDirectory();
let database: Database;

beforeAll(async () => {
  database = await openEmbedded(directory.path, DEFAULT_MEMORY);
  await migrate(database);
});
afterAll(async () => {
  await database.close();
  directory.remove();
});

/** A file without its comments. */
function code(path: string): string {
  return readFileSync(path, "utf8").replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
}

const LIMITS = { seconds: 3, rows: 1_000 };

async function setting(name: string): Promise<string> {
  const [row] = await database.select({
    columns: sql`toString(getSetting(${word(name)})) AS value`,
    rest: sql`LIMIT 1`,
    limits: LIMITS,
  });
  return row?.string("value") ?? "";
}
async function count(table: string): Promise<number> {
  const [row] = await database.select({
    columns: sql`count() AS rows`,
    rest: sql`FROM ${{ pieces: [table] }} LIMIT 1`,
    limits: LIMITS,
  });
  return row?.number("rows") ?? -1;
}

describe("settings", () => {
  it("do not stick to a connection", async () => {
    expect(await setting("max_execution_time")).toBe("3");
    const rows = await Promise.all(
      [1, 2, 3, 4].map((seconds) =>
        database.select({
          columns: sql`toString(getSetting('max_execution_time')) AS value`,
          rest: sql`LIMIT 1`,
          limits: { seconds, rows: 10 },
        }),
      ),
    );
    expect(rows.map(([row]) => row?.string("value"))).toEqual(["1", "2", "3", "4"]);
  });

  it("limit every query in time, rows and memory", async () => {
    for (const name of ["max_execution_time", "max_result_rows", "max_memory_usage", "max_rows_in_set"]) {
      expect(Number(await setting(name))).toBeGreaterThan(0);
    }
  });

  it("cap the whole engine's memory", async () => {
    const rows = await database.select({
      columns: sql`name, value`,
      rest: sql`FROM system.server_settings WHERE name IN ('max_server_memory_usage', 'mark_cache_size') ORDER BY name LIMIT 10`,
      limits: LIMITS,
    });
    expect(rows.map((row) => row.string("value"))).toEqual([
      String(DEFAULT_MEMORY.markCacheBytes),
      String(DEFAULT_MEMORY.serverBytes),
    ]);
  });
});

describe("statements", () => {
  it("take values of a checked shape as literals, and nothing else", () => {
    for (const bad of ["x' OR 1", "x\\", "", "A", "x;y"]) {
      expect(() => tenant(bad)).toThrow(/invalid/);
      expect(() => word(bad)).toThrow(/invalid/);
      expect(() => uuidValue(bad)).toThrow(/invalid/);
      expect(() => time(bad)).toThrow(/invalid/);
    }
    expect(() => time("2026-02-31T00:00:00.000Z")).toThrow(/invalid/);
    expect(() => integer(1.5)).toThrow(/invalid/);
  });

  it("never hold free text: it is bound", async () => {
    const hostile = "'; CREATE TABLE pwned (x UInt8) ENGINE = Memory; --";
    const [row] = await database.select({
      columns: sql`${text(hostile)} AS said`,
      rest: sql`LIMIT 1`,
      limits: LIMITS,
    });
    expect(row?.string("said")).toBe(hostile);
    expect(
      await database.select({
        columns: sql`name`,
        rest: sql`FROM system.tables WHERE name = 'pwned' LIMIT 1`,
        limits: LIMITS,
      }),
    ).toEqual([]);
  });

  it("never come from outside: what builds and runs them is not exported", async () => {
    const exported = Object.keys(await import("../index.ts"));
    expect(exported).toContain("openStore");
    for (const inner of ["sql", "text", "createStore", "openEmbedded", "openHttp", "migrate"]) {
      expect(exported).not.toContain(inner);
    }
  });

  it("write and read no files of their own: INTO OUTFILE, file() and url() stand nowhere in the package", () => {
    const source = new URL("..", import.meta.url).pathname;
    const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter(
      (name) => name.endsWith(".ts") && !name.endsWith(".test.ts"),
    );
    const used = files.filter((name) =>
      /INTO OUTFILE|\b(?:file|url|s3|remote|executable)\s*\('/i.test(code(join(source, name))),
    );
    expect(files.length).toBeGreaterThan(20);
    expect(used).toEqual([]);
  });
});

describe("the engine's user", () => {
  it.each([
    ["read files", sql`FROM file('/etc/hostname', 'LineAsString')`],
    ["reach URLs", sql`FROM url('http://127.0.0.1:1/', 'LineAsString')`],
    ["reach other servers", sql`FROM remote('127.0.0.1:1', 'system.one')`],
  ])("can't %s", async (_what, rest) => {
    await expect(database.select({ columns: sql`1 AS one`, rest, limits: LIMITS })).rejects.toMatchObject({
      cause: { message: expect.stringContaining("ClickHouse error 497") },
    });
  });

  it.each([
    "DROP TABLE records",
    "TRUNCATE TABLE records",
    "ALTER TABLE records UPDATE tenant = 'x' WHERE 1",
    "ALTER TABLE alerts DELETE WHERE 1",
    "ALTER TABLE revocations DROP PARTITION '202611'",
  ])("can't %s", async (statement) => {
    await expect(database.command(statement)).rejects.toMatchObject({
      cause: { message: expect.stringContaining("ClickHouse error 497") },
    });
  });
});

describe("inserts", () => {
  const source = { generation: GENERATION, topic: "tripline.events", partition: 0, first: 0, last: 1 };
  const row = (name: string) => rowFromName("acme", "sub_1", name, T0);

  it("are there when they are acknowledged, and once, however often they are repeated", async () => {
    const writer = createWriter(database);
    for (let n = 0; n < 3; n++) {
      await insertRecords(writer, [testRecord(1), testRecord(2)]);
      expect(await count("records")).toBe(2);
      expect(await count("payloads")).toBe(2);
    }
    // far more other batches between than a replay would bring
    for (let n = 10; n < 40; n++) await insertRecords(writer, [testRecord(n)], n);
    await insertRecords(writer, [testRecord(1), testRecord(2)]);
    expect(await count("records")).toBe(32);
  });

  it("with other rows are never taken for a repetition", async () => {
    const writer = createWriter(database);
    await writer.insert(source, { table: "directory", lines: [row("Ana")] });
    await writer.insert(source, { table: "directory", lines: [row("Ben")] });
    const names = await database.select({
      columns: sql`name`,
      rest: sql`FROM directory ORDER BY name LIMIT 9`,
      limits: LIMITS,
    });
    expect(names.map((found) => found.string("name"))).toEqual(["Ana", "Ben"]);
    expect(token(source, "directory", Buffer.from("a"))).not.toBe(
      token(source, "directory", Buffer.from("b")),
    );
  });

  it("name a log safely in their token", () => {
    const hostile = { ...source, generation: "x', async_insert = 1 --" };
    expect(token(hostile, "directory", Buffer.from(""))).toMatch(/^[A-Za-z0-9._:-]+$/);
  });

  it("are one block, so that the token protects the whole batch", async () => {
    const writer = createWriter(database);
    const many = Array.from({ length: 10_000 }, (_, n) => testRecord(1000 + n));
    const before = await count("records");
    await insertRecords(writer, many, 1000);
    await insertRecords(writer, many, 1000);
    expect(await count("records")).toBe(before + many.length);
    await expect(insertRecords(writer, [...many, testRecord(5)], 1000)).rejects.toMatchObject({
      code: "TRIPLINE_STORE_BATCH_TOO_LARGE",
    });
  });

  it("that are refused say so without quoting the row, and leave the connection usable", async () => {
    const bad = database.insert({
      table: "directory",
      columns: ["tenant", "last_seen"],
      body: Buffer.from('["SECRET", "no time"]'),
      token: "t",
    });
    const error: unknown = await bad.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "TRIPLINE_STORE_INSERT_REFUSED", kind: "permanent" });
    expect(
      JSON.stringify(error, Object.getOwnPropertyNames(error)) +
        String(error instanceof Error && error.cause),
    ).not.toContain("SECRET");
    await createWriter(database).insert(source, { table: "directory", lines: [row("Carla")] });
  });
});
