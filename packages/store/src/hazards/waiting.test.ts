import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../../../../test/support/wait-for.ts";
import type { Database } from "../connection/database.ts";
import { openEmbedded, readerCount } from "../connection/embedded/embedded-database.ts";
import { DEFAULT_MEMORY } from "../connection/embedded/engine-config.ts";
import { sql, text } from "../sql/sql.ts";
import { temporaryDirectory } from "../testing/index.ts";

const directory = temporaryDirectory();
let database: Database;

beforeAll(async () => {
  process.env.UV_THREADPOOL_SIZE = "16";
  database = await openEmbedded(directory.path, DEFAULT_MEMORY);
});
afterAll(async () => {
  await database.close();
  directory.remove();
});

const quick = () =>
  database.select({ columns: sql`1 AS one`, rest: sql`LIMIT 1`, limits: { seconds: 5, rows: 1 } });
const slow = (signal?: AbortSignal, bound = false) =>
  database.select(
    {
      columns: sql`count() AS rows, ${bound ? text("x") : sql`'x'`} AS said`,
      rest: sql`FROM numbers(100000000000) WHERE sipHash64(number) = 1 LIMIT 1`,
      limits: { seconds: 20, rows: 1 },
    },
    { signal },
  );
async function running(): Promise<number> {
  const [row] = await database.select({
    columns: sql`count() AS queries`,
    rest: sql`FROM system.processes WHERE query LIKE '%sipHash64(number)%' AND query NOT LIKE '%system.processes%' LIMIT 1`,
    limits: { seconds: 5, rows: 1 },
  });
  return row?.number("queries") ?? -1;
}

describe("a query that was given up", () => {
  it("ends in the engine too, and its connection serves again", async () => {
    const abort = new AbortController();
    const answers = Array.from({ length: 3 }, () => slow(abort.signal).catch((error: unknown) => error));
    await waitFor(async () => (await running()) > 0, { what: "a slow query to run" });
    abort.abort();
    for (const answer of await Promise.all(answers))
      expect(answer).toMatchObject({ code: "TRIPLINE_STORE_ABORTED" });
    await waitFor(async () => (await running()) === 0, { what: "the engine to stop the queries" });
    expect((await Promise.all(Array.from({ length: 8 }, quick))).length).toBe(8);
  });

  it("does not start when it was given up while it waited", async () => {
    const abort = new AbortController();
    const first = slow(abort.signal, true).catch(() => "ended");
    const second = slow(AbortSignal.abort(), true);
    await expect(second).rejects.toMatchObject({ code: "TRIPLINE_STORE_ABORTED" });
    abort.abort();
    expect(await first).toBe("ended");
    await waitFor(async () => (await running()) === 0);
  });
});

describe("bound queries run one at a time in the process", () => {
  it("yet hold no reader while they wait, and questions without free text pass them", async () => {
    const abort = new AbortController();
    const bound = Array.from({ length: 10 }, () => slow(abort.signal, true).catch(() => "ended"));
    await waitFor(async () => (await running()) === 1, { what: "one bound query to run" });
    expect((await quick())[0]?.number("one")).toBe(1);
    expect(await running()).toBe(1);
    abort.abort();
    expect(await Promise.all(bound)).toEqual(bound.map(() => "ended"));
  });
});

describe("the readers", () => {
  it("leave libuv threads to the writer, to control and to files", () => {
    expect([undefined, "4", "5", "16", "1", "nonsense"].map(readerCount)).toEqual([1, 1, 2, 4, 1, 1]);
  });
});
