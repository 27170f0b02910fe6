import { readdirSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { waitFor } from "../../../../test/support/wait-for.ts";
import type { Database } from "../connection/database.ts";
import { openEmbedded } from "../connection/embedded/embedded-database.ts";
import { DEFAULT_MEMORY } from "../connection/embedded/engine-config.ts";
import { createStore } from "../open-store.ts";
import { migrate } from "../schema/migrate.ts";
import { integer, sql } from "../sql/sql.ts";
import { insertRecords, temporaryDirectory, testRecord } from "../testing/index.ts";

const BATCHES = 24; // the engine merges when there are some more than ten parts
const LIMITS = { seconds: 5, rows: 100 };

const directory = temporaryDirectory();
let database: Database;

async function open(): Promise<void> {
  database = await openEmbedded(directory.path, DEFAULT_MEMORY);
  await migrate(database);
}
beforeAll(open);
afterAll(async () => {
  await database.close();
  directory.remove();
});

async function mergedPart(): Promise<string | null> {
  const [row] = await database.select({
    columns: sql`path`,
    rest: sql`FROM system.parts WHERE active AND level > 0 AND table = 'records' ORDER BY rows DESC LIMIT ${integer(1)}`,
    limits: LIMITS,
  });
  return row?.string("path") ?? null;
}

async function offsets(): Promise<number> {
  const [row] = await database.select({
    columns: sql`uniqExact(source_offset) AS offsets`,
    rest: sql`FROM records LIMIT ${integer(1)}`,
    limits: LIMITS,
  });
  return row?.number("offsets") ?? 0;
}

/** What the engine leaves of a part that it merges while the disk is full: every file, and nothing in them. */
function emptyFiles(part: string): void {
  for (const name of readdirSync(part, { recursive: true, encoding: "utf8" })) {
    const file = join(part, name);
    if (statSync(file).isFile()) truncateSync(file);
  }
}

it("a merged part without content is seen, and a new start goes on with the parts it came from", async () => {
  const { writer } = createStore(database);
  for (let n = 0; n < BATCHES; n += 1) await insertRecords(writer, [testRecord(n)], n);
  await waitFor(async () => (await mergedPart()) !== null, { what: "the engine to merge" });
  expect(await database.damage()).toBeNull();

  const part = await mergedPart();
  if (part === null) throw new Error("the merged part is gone");
  emptyFiles(part);
  expect(await database.damage()).toContain(part);

  await database.close();
  await open();
  expect(await database.damage()).toBeNull();
  expect(await offsets()).toBe(BATCHES);
});
