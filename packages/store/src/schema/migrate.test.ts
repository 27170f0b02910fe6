import type { Envelope, Payload } from "@tripline/events";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Database } from "../connection/database.ts";
import { openEmbedded } from "../connection/embedded/embedded-database.ts";
import { DEFAULT_MEMORY } from "../connection/embedded/engine-config.ts";
import { createStore } from "../open-store.ts";
import { RECORD_COLUMNS, rowFromEnvelope } from "../rows/record-row.ts";
import { sql } from "../sql/sql.ts";
import { at, GENERATION, id, insertRecords, T0, temporaryDirectory, testRecord } from "../testing/index.ts";
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

  it("bring a store of the first version up to date in place: its rows are read, found and known as before", async () => {
    await migrate(database, MIGRATIONS.slice(0, 1));
    const intent = testRecord(1, {
      type: "call.intent",
      call: { id: id(500), method: "tools/call" },
      payload: { result: undefined, args: { to: "Eve@Evil.example" } },
    });
    const call = testRecord(2, {
      call: { id: id(500), method: "tools/call", outcome: "ok" },
      payload: { args: undefined, result: "sent to the Old Harbour" },
    });
    await insertAsFirstVersion([intent, call]);

    // Every crash between two statements of the way, and one more run.
    const all = MIGRATIONS.flatMap(({ statements }) => statements);
    for (const statement of all.slice(0, -1)) await database.command(statement);
    await migrate(database);
    expect(await migrate(database)).toEqual([]);

    const store = createStore(database);
    await insertRecords(store.writer, [testRecord(3)], 3);
    const reader = store.reader({ tenant: "acme", payloads: true });
    for (const { envelope, payload } of [intent, call, testRecord(3)]) {
      const found = await reader.record(envelope.id);
      expect(found?.envelope_text).toBe(JSON.stringify(envelope));
      expect(found?.payload_text).toBe(JSON.stringify(payload));
    }
    const seqs = async (words: string) =>
      (await reader.searchCalls({ text: words })).rows.map(({ seq }) => seq);
    expect(await seqs("eve@evil.example")).toEqual([2]); // by what its intent said
    expect(await seqs("OLD harbour")).toEqual([2]);
    expect(await seqs("content 3")).toEqual([3]);
    const { producer } = call.envelope;
    expect(
      await store.writer.highestSeqs({ generation: "memory-2", partition: 0 }, [
        { tenant: "acme", producer: producer.id, boot: producer.boot },
      ]),
    ).toEqual([{ tenant: "acme", producer: producer.id, boot: producer.boot, seq: 3 }]);
  });

  /** Rows as the first version wrote them. */
  async function insertAsFirstVersion(
    records: readonly { envelope: Envelope; payload?: Payload }[],
  ): Promise<void> {
    const rows = records.map(({ envelope, payload }, offset) => {
      const source = [GENERATION, 0, offset, at(offset)];
      const { args, result, ...rest } = payload ?? {};
      const [args_, result_] = [args === undefined ? "" : JSON.stringify(args), result ?? ""];
      return {
        record: rowFromEnvelope(envelope, JSON.stringify(envelope), true, {
          generation: GENERATION,
          partition: 0,
          offset,
          appendTime: T0 + offset,
        }),
        payload: JSON.stringify([
          ...[envelope.tenant, envelope.time, envelope.id, envelope.call?.id],
          ...[args_, result_, "", JSON.stringify(rest), "", ...source],
        ]),
      };
    });
    const insert = (table: string, columns: readonly string[], lines: string[]) =>
      database.insert({ table, columns, body: Buffer.from(lines.join("\n")), token: table });
    await insert(
      "payloads",
      FIRST_PAYLOAD_COLUMNS,
      rows.map(({ payload }) => payload),
    );
    await insert(
      "records",
      RECORD_COLUMNS,
      rows.map(({ record }) => record),
    );
  }
});

const FIRST_PAYLOAD_COLUMNS =
  "tenant time record_id call_id args result error rest raw generation source_partition source_offset append_time".split(
    " ",
  );
