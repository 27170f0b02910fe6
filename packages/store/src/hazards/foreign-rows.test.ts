import { createClient } from "@clickhouse/client";
import { createChdbConnection } from "chdb/connection";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Database } from "../connection/database.ts";
import { clientConnection } from "../connection/embedded/client-connection.ts";
import { openEmbedded } from "../connection/embedded/embedded-database.ts";
import { DEFAULT_MEMORY } from "../connection/embedded/engine-config.ts";
import { markQuery, ownRows } from "../connection/marked-query.ts";
import { integer, sql, text } from "../sql/sql.ts";
import { temporaryDirectory } from "../testing/index.ts";

const directory = temporaryDirectory();
let database: Database;

beforeAll(async () => {
  database = await openEmbedded(directory.path, DEFAULT_MEMORY);
});
afterAll(async () => {
  await database.close();
  directory.remove();
});

const LIMITS = { seconds: 5, rows: 1_000_000 };
const SECRET_ROWS = 300_000;

/** Fails after it has produced many rows of one tenant. */
const failsLate = () =>
  database.select({
    columns: sql`'tenant-a' AS owner, number, throwIf(number = ${integer(SECRET_ROWS - 1)})`,
    rest: sql`FROM numbers(${integer(SECRET_ROWS)})`,
    limits: LIMITS,
  });
const timesOut = () =>
  database.select({
    columns: sql`'tenant-a' AS owner, number, sleepEachRow(0.00001)`,
    rest: sql`FROM numbers(100000000)`,
    limits: { seconds: 1, rows: 1_000_000 },
  });
const tooManyRows = () =>
  database.select({
    columns: sql`'tenant-a' AS owner, number`,
    rest: sql`FROM numbers(200000)`,
    limits: { seconds: 5, rows: 10 },
  });
const aborted = () => {
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 50);
  return database.select(
    {
      columns: sql`'tenant-a' AS owner, number, sleepEachRow(0.00001)`,
      rest: sql`FROM numbers(100000000)`,
      limits: { seconds: 5, rows: 1_000_000 },
    },
    { signal: abort.signal },
  );
};

async function asksOfTenantB(count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    const bound = n % 2 === 0 ? text("tenant-b") : sql`'tenant-b'`;
    const rows = await database.select({
      columns: sql`${bound} AS owner, number`,
      rest: sql`FROM numbers(${integer(n)})`,
      limits: LIMITS,
    });
    expect(rows.map((row) => [row.string("owner"), row.number("number")])).toEqual(
      Array.from({ length: n }, (_, k) => ["tenant-b", k]),
    );
  }
}

describe("rows of one query never show in another's result", () => {
  it.each([
    ["a late failure", failsLate, "TRIPLINE_STORE_UNAVAILABLE"],
    ["a timeout", timesOut, "TRIPLINE_STORE_QUERY_TIMEOUT"],
    ["too many rows", tooManyRows, "TRIPLINE_STORE_QUERY_TOO_BROAD"],
    ["an abort", aborted, "TRIPLINE_STORE_ABORTED"],
  ])("after %s", async (_what, fails, code) => {
    for (let n = 0; n < 3; n++) {
      await expect(fails()).rejects.toMatchObject({ code });
      await asksOfTenantB(4);
    }
  });

  it("when many fail and many ask at once, on few connections", async () => {
    const answers: Promise<unknown>[] = [];
    for (let n = 0; n < 12; n++) {
      answers.push(
        n % 3 === 0
          ? failsLate().catch(() => "failed")
          : n % 3 === 1
            ? aborted().catch(() => "failed")
            : asksOfTenantB(3),
      );
    }
    await Promise.all(answers);
    await asksOfTenantB(3);
  });

  it("because the engine still does that, and only our flush and mark stand between", async () => {
    const client = createClient({
      connection: clientConnection(createChdbConnection({ path: `${directory.path}/data` })),
    });
    const ask = async (query: string) => (await client.query({ query, format: "JSONEachRow" })).text();
    await ask(
      `SELECT 'tenant-a' AS owner, throwIf(number = ${SECRET_ROWS - 1}) FROM numbers(${SECRET_ROWS})`,
    ).catch(() => undefined);
    expect(await ask("SELECT 1 AS one")).toContain("tenant-a");
    await client.close();
  });

  it("even if the flush failed: rows without the query's own mark are refused whole", () => {
    const query = markQuery({ columns: sql`1 AS one`, rest: sql`LIMIT 1`, limits: LIMITS });
    const own = { query_mark: query.mark, one: 1 };
    expect(ownRows(query, [own]).map((row) => row.number("one"))).toEqual([1]);
    fc.assert(
      fc.property(fc.anything(), fc.boolean(), (foreign, first) => {
        fc.pre(
          !(
            typeof foreign === "object" &&
            foreign !== null &&
            "query_mark" in foreign &&
            foreign.query_mark === query.mark
          ),
        );
        expect(() => ownRows(query, first ? [foreign, own] : [own, foreign])).toThrow(/another query/);
      }),
    );
  });
});

describe("bound parameters", () => {
  it("come through as they are, whatever is in them, many at once", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: "grapheme" }), { minLength: 1, maxLength: 8 }),
        async (values) => {
          const answers = await Promise.all(
            values.map((value) =>
              database.select({ columns: sql`${text(value)} AS said`, rest: sql`LIMIT 1`, limits: LIMITS }),
            ),
          );
          expect(answers.map(([row]) => row?.string("said"))).toEqual(values);
        },
      ),
      { numRuns: 100 },
    );
    for (const hostile of [
      "'; SELECT 2; --",
      "\\",
      "\\'",
      "\u0000",
      "\t\r\n",
      "{p0:String}",
      "𝒳",
      "NULL",
      "\\N",
    ]) {
      const [row] = await database.select({
        columns: sql`${text(hostile)} AS said`,
        rest: sql`LIMIT 1`,
        limits: LIMITS,
      });
      expect(row?.string("said")).toBe(hostile);
    }
  });
});
