import { afterAll, beforeAll, expect, it } from "vitest";
import { sql } from "../../sql/sql.ts";
import { temporaryDirectory } from "../../testing/index.ts";
import type { Database } from "../database.ts";
import { openEmbedded } from "./embedded-database.ts";

const MEMORY = { serverBytes: 1_000_000_000, markCacheBytes: 32 * 1024 * 1024 };
/** Of the limit: the rest is for inserts, merges and questions. */
const MOST_FOR_CACHES = 0.3;

const directory = temporaryDirectory();
let database: Database;
beforeAll(async () => {
  database = await openEmbedded(directory.path, MEMORY);
});
afterAll(async () => {
  await database.close();
  directory.remove();
});

it("the engine's caches leave most of its memory to its work", async () => {
  const rows = await database.select({
    columns: sql`name, value`,
    rest: sql`FROM system.server_settings WHERE match(name, 'cache_size(_bytes)?$') OR name LIKE '%memory_usage%' LIMIT 200`,
    limits: { seconds: 5, rows: 200 },
  });
  const settings = new Map(rows.map((row) => [row.string("name"), Number(row.string("value"))]));
  expect(settings.get("max_server_memory_usage")).toBe(MEMORY.serverBytes);
  expect(settings.get("merges_mutations_memory_usage_soft_limit")).toBe(MEMORY.serverBytes / 2);
  expect(settings.get("mark_cache_size")).toBe(MEMORY.markCacheBytes);
  const caches = [...settings].filter(([name]) => /cache_size(_bytes)?$/.test(name));
  expect(caches.length).toBeGreaterThan(10);
  const total = caches.reduce((sum, [, bytes]) => sum + bytes, 0);
  expect(total).toBeLessThan(MEMORY.serverBytes * MOST_FOR_CACHES);
});
