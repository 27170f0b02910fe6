import { readFileSync } from "node:fs";
import { type Envelope, RETENTION_PRODUCER } from "@tripline/events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../../../../test/support/wait-for.ts";
import type { Database } from "../connection/database.ts";
import { openEmbedded } from "../connection/embedded/embedded-database.ts";
import { DEFAULT_MEMORY } from "../connection/embedded/engine-config.ts";
import { createStore } from "../open-store.ts";
import { rowFromName } from "../rows/index.ts";
import { sql } from "../sql/sql.ts";
import type { Store } from "../store.ts";
import {
  at,
  GENERATION,
  id,
  insertAlerts,
  insertIncidents,
  insertRecords,
  insertRevocations,
  temporaryDirectory,
  testAlert,
  testIncident,
  testRecord,
  testRevocation,
} from "../testing/index.ts";
import { openAs } from "./grants.testing.ts";
import { grantStatements, rolesSql, STORE_ROLES, type StoreRole } from "./grants.ts";
import { MIGRATIONS, migrate } from "./migrate.ts";

const directory = temporaryDirectory();
afterAll(() => directory.remove());
const DENIED = { cause: { message: expect.stringContaining("ClickHouse error 497") } };
const ADA = `sub_${"a".repeat(32)}`;
const LIMITS = { seconds: 5, rows: 10 };
const SOURCE = { generation: GENERATION, topic: "t", partition: 0, first: 0, last: 0 };
const erasure: Envelope = {
  ...testRecord(9).envelope,
  type: "erasure",
  time: at(9_000),
  received: at(9_000),
  producer: { id: "console", boot: id(3), seq: 0 },
  call: undefined,
  target: undefined,
  payload_hash: undefined,
  erasure: { covers: { kind: "records", ids: [id(1)] }, except: [], reason: "asked for", by: "ana" },
};

/** What an administrator could do, and no service may. */
const STATEMENTS = [
  "ALTER TABLE records DELETE WHERE 1",
  "ALTER TABLE records UPDATE tool = 'x' WHERE 1",
  "DELETE FROM records WHERE 1",
  "ALTER TABLE records DROP PARTITION 202611",
  "ALTER TABLE records DETACH PARTITION 202611",
  "TRUNCATE TABLE records",
  "DROP TABLE records",
  "RENAME TABLE records TO other",
  "EXCHANGE TABLES records AND payloads",
  "ALTER TABLE records MODIFY TTL append_time + INTERVAL 1 DAY",
  "OPTIMIZE TABLE records FINAL",
  "CREATE TABLE more (a Int8) ENGINE = Memory",
  "CREATE USER eve",
  "ALTER TABLE alerts DELETE WHERE 1",
  "ALTER TABLE schema_migrations DELETE WHERE 1",
];

async function as(role: StoreRole, work: (store: Store, database: Database) => Promise<void>): Promise<void> {
  const database = await openAs(role, directory.path);
  try {
    await work(createStore(database), database);
  } finally {
    await database.close();
  }
}

async function deniedAll(database: Database, statements: readonly string[]): Promise<void> {
  for (const statement of statements) {
    await expect(database.command(statement), statement).rejects.toMatchObject(DENIED);
  }
}

async function canRead(database: Database, columns: string, table: string): Promise<boolean> {
  try {
    await database.select({
      columns: { pieces: [columns] },
      rest: { pieces: [`FROM ${table} LIMIT 1`] },
      limits: LIMITS,
    });
    return true;
  } catch (error) {
    expect(error).toMatchObject(DENIED);
    return false;
  }
}

describe("each role does its work, and nothing else", () => {
  beforeAll(async () => {
    // The embedded engine's only user makes the tables; at a server the migrating one does.
    const database = await openEmbedded(directory.path, DEFAULT_MEMORY);
    await migrate(database);
    await database.close();
  });

  it("the archiver inserts, and reads its positions and envelopes, no texts and no names", async () => {
    await as("archiver", async (store, database) => {
      expect(await migrate(database)).toEqual([]); // it starts, though it may change nothing
      const records = [testRecord(1), testRecord(2), { envelope: erasure }];
      await insertRecords(store.writer, records);
      const lines = [rowFromName("acme", ADA, "Ada", Date.parse(at(0)))];
      await store.writer.insert(SOURCE, { table: "directory", lines });
      await insertAlerts(store.writer, [testAlert(1)]);
      await insertRevocations(store.writer, [testRevocation()]);
      await insertIncidents(store.writer, [testIncident(1)]);
      expect(await store.writer.maxOffsets(GENERATION)).toEqual(new Map([[0, 2]]));
      const { producer } = testRecord(1).envelope;
      const boots = [{ tenant: "acme", producer: producer.id, boot: producer.boot }];
      expect(await store.writer.highestSeqs({ generation: GENERATION, partition: 1 }, boots)).toEqual([]);
      const again = { ...SOURCE, topic: "tripline.events", last: 2, again: true };
      await store.writer.insert(again, { table: "payloads", lines: ["a row that is stored already"] });
      expect(
        await store.writer.knownRecords({ generation: GENERATION, partition: 0, before: 9 }, [
          { tenant: "acme", time: at(1), id: id(1) },
        ]),
      ).toEqual(new Set([id(1)]));
      const span = { generation: GENERATION, partition: 0, from: 0, to: 9, since: at(0) };
      expect(await store.completeness.activityInLog(span)).toHaveLength(2);
      expect(await store.completeness.openAlerts(["records-missing"], at(0), 10)).toEqual([]);
      expect((await store.tableSizes()).records.rows).toBe(3);

      expect(await canRead(database, "args", "payloads")).toBe(false);
      expect(await canRead(database, "result", "payloads")).toBe(false);
      expect(await canRead(database, "name", "directory")).toBe(false);
      expect(await canRead(database, "summary", "alerts")).toBe(false);
      expect(await canRead(database, "summary", "incidents")).toBe(false);
      await deniedAll(database, STATEMENTS);
      await deniedAll(database, [
        "ALTER TABLE payloads DELETE WHERE 1",
        "ALTER TABLE directory DELETE WHERE 1",
      ]);
    });
  });

  it("the console reads everything, and writes nothing", async () => {
    await as("console", async (store, database) => {
      expect(await migrate(database)).toEqual([]);
      const reader = store.reader({ tenant: "acme", payloads: true });
      expect((await reader.record(id(1)))?.payload).toEqual(testRecord(1).payload);
      expect(await reader.names([ADA])).toEqual(new Map([[ADA, ["Ada"]]]));
      expect((await reader.searchCalls({})).rows).toHaveLength(2);
      expect((await reader.alerts()).rows).toHaveLength(1);
      expect((await reader.revocations()).rows).toHaveLength(1);
      expect((await reader.incidents()).rows).toHaveLength(1);
      expect(await store.reconcile.incidents([testIncident(1)])).toHaveLength(1);
      expect(await store.deadLetters.open()).toMatchObject({ open: 0 });
      expect(await store.reconcile.partitions("records")).toHaveLength(1);
      expect(await store.eraser.records()).toEqual([erasure]);
      expect(await store.eraser.left(erasure, [])).toMatchObject({ payloads: 1 });

      await expect(insertRecords(store.writer, [testRecord(3)], 3)).rejects.toMatchObject(DENIED);
      await expect(store.eraser.erase(erasure, [])).rejects.toMatchObject(DENIED);
      await deniedAll(database, STATEMENTS);
    });
  });

  it("the eraser removes payloads, names and envelopes, and can read no text of the former", async () => {
    await as("eraser", async (store, database) => {
      expect(await migrate(database)).toEqual([]);
      expect(await canRead(database, "args", "payloads")).toBe(false);
      expect(await canRead(database, "name", "directory")).toBe(false);
      expect(await canRead(database, "body", "alerts")).toBe(false);
      const [record] = await store.eraser.records();
      expect(record).toEqual(erasure);
      expect(await store.eraser.tenantsBefore({ payloads: at(10_000), names: at(10_000) })).toEqual(["acme"]);
      expect(await store.eraser.left(erasure, [])).toMatchObject({ payloads: 1 });
      await store.eraser.erase(erasure, []);
      await waitFor(async () => (await store.eraser.removals()).length === 0, { what: "the removal" });
      expect(await store.eraser.left(erasure, [])).toMatchObject({ payloads: 0 });

      const aged = { generation: GENERATION, partition: 0, to: 3 };
      const removed = await store.eraser.removable(aged, at(1_000), []);
      expect(removed).toMatchObject({ from: 0, to: 2, kept: [] });
      if (removed === null) throw new Error("there is something to remove");
      const kept: [number, number][] = [];
      const saying: Envelope = {
        ...erasure,
        time: at(1_000),
        type: "retention",
        producer: { ...erasure.producer, id: RETENTION_PRODUCER },
        retention: { action: "removed", ...removed, kept, by: "policy" },
      };
      await store.eraser.eraseEnvelopes(saying, []);
      await waitFor(async () => (await store.eraser.removals()).length === 0, { what: "the removal" });
      expect(await store.eraser.leftEnvelopes(saying, [])).toBe(0);
      expect(await store.eraser.records()).toEqual([erasure]);

      await expect(insertRecords(store.writer, [testRecord(3)], 3)).rejects.toMatchObject(DENIED);
      // Whoever may remove rows may remove all: `tripline verify` says so.
      await deniedAll(
        database,
        STATEMENTS.filter((statement) => !/DELETE|(DROP|DETACH) PARTITION/.test(statement)),
      );
    });
  });

  it("the migrating one makes the tables, and reads none of them", async () => {
    const fresh = temporaryDirectory();
    const database = await openAs("migrations", fresh.path);
    try {
      expect(await migrate(database)).not.toEqual([]);
      expect(await migrate(database)).toEqual([]);
      for (const table of ["records", "payloads", "directory", "alerts"]) {
        expect(await canRead(database, "tenant", table), table).toBe(false);
      }
      await deniedAll(database, [
        "ALTER TABLE payloads DELETE WHERE 1",
        "DROP TABLE records",
        "TRUNCATE TABLE records",
      ]);
    } finally {
      await database.close();
      fresh.remove();
    }
  });

  it("who may not change an old schema is told who may", async () => {
    const fresh = temporaryDirectory();
    const made = await openEmbedded(fresh.path, DEFAULT_MEMORY);
    await migrate(made);
    await made.close();
    const database = await openAs("archiver", fresh.path);
    try {
      const later = {
        version: 5_000,
        name: "later",
        statements: ["CREATE TABLE later (a Int8) ENGINE = Memory"],
      };
      await expect(migrate(database, [...MIGRATIONS, later])).rejects.toMatchObject({
        code: "TRIPLINE_STORE_SCHEMA_OLDER",
        kind: "retriable",
      });
    } finally {
      await database.close();
      fresh.remove();
    }
  });
});

describe("the roles as SQL", () => {
  it("are in infra/clickhouse as they are here", () => {
    const file = new URL("../../../../infra/clickhouse/roles.sql", import.meta.url);
    expect(readFileSync(file, "utf8")).toBe(rolesSql("tripline"));
  });

  it("are statements that ClickHouse's parser takes", async () => {
    const database = await openEmbedded(directory.path, DEFAULT_MEMORY);
    try {
      const readme = readFileSync(new URL("../../../../infra/clickhouse/README.md", import.meta.url), "utf8");
      const users = [...readme.matchAll(/```sql\n(.*?)```/gs)].map(([, text]) => text ?? "").join("\n");
      const statements = `${rolesSql("tripline")}\n${users}`
        .replace(/^--.*$/gm, "")
        .split(";")
        .map((statement) => statement.trim())
        .filter((statement) => statement !== "");
      expect(statements.length).toBeGreaterThan(40);
      for (const statement of statements) {
        const quoted = statement.replaceAll("\\", "\\\\").replaceAll("'", "\\'");
        const rows = await database.select({
          columns: { pieces: [`formatQuery('${quoted}') AS formatted`] },
          rest: sql`LIMIT 1`,
          limits: LIMITS,
        });
        expect(rows[0]?.string("formatted"), statement).not.toBe("");
      }
      await expect(
        database.select({
          columns: sql`formatQuery('GRANT NONSENSE ON a TO') AS formatted`,
          rest: sql`LIMIT 1`,
          limits: LIMITS,
        }),
      ).rejects.toThrow();
    } finally {
      await database.close();
    }
  });

  it("name a database by a plain word only", () => {
    for (const role of STORE_ROLES) expect(() => grantStatements(role, "a.b; DROP")).toThrow("plain word");
  });
});
