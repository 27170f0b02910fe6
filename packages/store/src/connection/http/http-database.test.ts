import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migrate } from "../../schema/migrate.ts";
import { sql, text } from "../../sql/sql.ts";
import { startClickHouseFront } from "../../testing/clickhouse-front.ts";
import { GENERATION, insertRecords, temporaryDirectory, testRecord } from "../../testing/index.ts";
import { createWriter } from "../../write/writer.ts";
import type { Database } from "../database.ts";
import { openHttp } from "./http-database.ts";

const directory = temporaryDirectory();
let front: Awaited<ReturnType<typeof startClickHouseFront>>;
let database: Database;

beforeAll(async () => {
  front = await startClickHouseFront(directory.path);
  database = openHttp({ url: front.url });
  await migrate(database);
});
afterAll(async () => {
  await database.close();
  await front.close();
  directory.remove();
});

const LIMITS = { seconds: 5, rows: 100 };

describe("a store over HTTP", () => {
  it("takes a batch once, however often it is sent", async () => {
    const writer = createWriter(database);
    for (let n = 0; n < 3; n++) await insertRecords(writer, [testRecord(1), testRecord(2)]);
    expect(await writer.maxOffsets(GENERATION)).toEqual(new Map([[0, 1]]));
    const [row] = await database.select({
      columns: sql`count() AS rows`,
      rest: sql`FROM records LIMIT 1`,
      limits: LIMITS,
    });
    expect(row?.number("rows")).toBe(2);
  });

  it("says what went wrong as the embedded one does", async () => {
    const refused = database.insert({
      table: "directory",
      columns: ["tenant", "last_seen"],
      body: Buffer.from('["SECRET", "x"]'),
      token: "t",
    });
    await expect(refused).rejects.toMatchObject({ code: "TRIPLINE_STORE_INSERT_REFUSED", kind: "permanent" });
    const long = database.select({
      columns: sql`count() AS rows`,
      rest: sql`FROM numbers(100000000000) WHERE sipHash64(number) = 1`,
      limits: { seconds: 1, rows: 1 },
    });
    await expect(long).rejects.toMatchObject({ code: "TRIPLINE_STORE_QUERY_TIMEOUT" });
    const unreachable = openHttp({ url: "http://127.0.0.1:1" });
    const lost = unreachable.select({ columns: sql`1 AS one`, rest: sql`LIMIT 1`, limits: LIMITS });
    await expect(lost).rejects.toMatchObject({ code: "TRIPLINE_STORE_UNAVAILABLE", kind: "retriable" });
    await unreachable.close();
  });

  it("ends a query that was given up on the server too", async () => {
    const abort = new AbortController();
    const long = database.select(
      {
        columns: sql`count() AS rows`,
        rest: sql`FROM numbers(100000000000) WHERE sipHash64(number) = 1`,
        limits: { seconds: 30, rows: 1 },
      },
      { signal: abort.signal },
    );
    setTimeout(() => abort.abort(), 100);
    await expect(long).rejects.toMatchObject({ code: "TRIPLINE_STORE_ABORTED" });
    const [row] = await database.select({
      columns: sql`count() AS queries, ${text("x")} AS said`,
      rest: sql`FROM system.processes WHERE query LIKE '%sipHash64%' AND query NOT LIKE '%system.processes%' AND is_cancelled = 0`,
      limits: LIMITS,
    });
    expect(row?.number("queries")).toBe(0);
  });
});
