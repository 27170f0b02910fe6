import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "@tripline/store";
import { audit, type Finding, type Summary, uuidText } from "@tripline/verify";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rowFromEnvelope, rowFromPayload } from "../packages/store/src/rows/index.ts";
import { tamper } from "../packages/store/src/testing/tamper.ts";
import {
  GENERATION,
  testId,
  timeAt,
  World,
  type WorldRecord,
  worldRecord,
} from "../packages/verify/src/testing/world.ts";

/**
 * Each way in which the database's administrator can change what is stored, done with the engine itself to a copy of one store, and
 * what the verifier calls it. What is done to tiles and checkpoints is in packages/verify.
 */

const RECORDS = 400;
const SLOW_MS = 120_000;
const DURABLE = "SETTINGS mutations_sync = 2";

const directory = mkdtempSync(join(tmpdir(), "tripline-administrator-"));
const original = join(directory, "original");
const world = new World();
const records: readonly WorldRecord[] = Array.from({ length: RECORDS }, (_, n) => worldRecord(n));

beforeAll(async () => {
  await world.append(records);
  await world.seal(1_000);
  const store = await openStore({ dataDir: original });
  const range = {
    generation: GENERATION,
    topic: "tripline.events",
    partition: 0,
    first: 0,
    last: RECORDS - 1,
  };
  const source = (offset: number) => ({
    generation: GENERATION,
    partition: 0,
    offset,
    appendTime: Date.parse(timeAt(offset)) - (offset < 100 ? 40 * 24 * 3_600_000 : 0), // two months, which are two parts
  });
  await store.writer.insert(range, {
    table: "payloads",
    lines: records.flatMap(({ envelope, payload }, n) =>
      payload === null ? [] : [rowFromPayload(JSON.parse(envelope), JSON.parse(payload), payload, source(n))],
    ),
  });
  await store.writer.insert(range, {
    table: "records",
    lines: records.map(({ envelope }, n) => rowFromEnvelope(JSON.parse(envelope), envelope, true, source(n))),
  });
  await store.close();
}, SLOW_MS);

afterAll(() => rmSync(directory, { recursive: true, force: true }));

let copies = 0;

async function verifiedAfter(
  ...statements: readonly string[]
): Promise<{ findings: Finding[]; summary: Summary }> {
  const dataDir = join(directory, `copy-${copies++}`);
  cpSync(original, dataDir, { recursive: true });
  if (statements.length > 0) tamper(dataDir, ...statements);
  const store = await openStore({ dataDir });
  try {
    const { sealed } = store;
    const source = {
      read: (of: object, from: number, to: number) => sealed.block({ ...world.place(), ...of, from, to }),
      exact: (of: object, from: number, to: number) => sealed.exact({ ...world.place(), ...of, from, to }),
      byId: (ids: readonly string[]) => sealed.byId(ids),
      erasures: () => sealed.erasures(),
      partitions: () => sealed.partitions(),
    };
    const findings: Finding[] = [];
    for await (const event of audit({ ledger: world, source, policy: world.policy, selection: {} })) {
      if (event.type === "finding") findings.push(event.finding);
      if (event.type === "summary") return { findings, summary: event.summary };
    }
  } finally {
    await store.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
  throw new Error("there was no summary");
}

const brief = (findings: readonly Finding[]) =>
  findings
    .map(({ kind, index, id }) => ({ kind, index, id }))
    .sort((a, b) => (a.index ?? 0) - (b.index ?? 0));

it("a store that nobody touched is verified", { timeout: SLOW_MS }, async () => {
  const { findings, summary } = await verifiedAfter();
  expect(findings).toEqual([]);
  expect(summary).toMatchObject({ state: "verified", counts: { valid: RECORDS, failed: 0 } });
});

describe("what an administrator does to rows", { timeout: SLOW_MS }, () => {
  it.each([
    ["a column", "ALTER TABLE records UPDATE tool = 'other' WHERE source_offset = 7"],
    ["a number", "ALTER TABLE records UPDATE args_bytes = 1 WHERE source_offset = 7"],
    [
      "the payload's hash",
      "ALTER TABLE records UPDATE payload_hash = unhex(repeat('ab', 32)) WHERE source_offset = 7",
    ],
    ["bytes beside the columns", "ALTER TABLE records UPDATE raw = '{\"v\":1}' WHERE source_offset = 7"],
    ["a detail that is no JSON", "ALTER TABLE records UPDATE detail = '{' WHERE source_offset = 7"],
    ["a payload's result", "ALTER TABLE payloads UPDATE result = 'nothing' WHERE source_offset = 7"],
    ["a payload's rest, to no JSON", "ALTER TABLE payloads UPDATE rest = '{' WHERE source_offset = 7"],
  ])("changed: %s", async (_what, statement) => {
    const { findings } = await verifiedAfter(`${statement} ${DURABLE}`);
    expect(brief(findings)).toEqual([{ kind: "MODIFIED", index: 7, id: testId(7) }]);
  });

  it("deleted, with its payload", async () => {
    const { findings } = await verifiedAfter(
      `ALTER TABLE records DELETE WHERE source_offset = 7 ${DURABLE}`,
      `ALTER TABLE payloads DELETE WHERE source_offset = 7 ${DURABLE}`,
    );
    expect(findings).toMatchObject([{ kind: "MISSING", index: 7, id: testId(7), time: timeAt(7) }]);
  });

  it("a payload alone, without a record of it", async () => {
    const { findings } = await verifiedAfter(
      `ALTER TABLE payloads DELETE WHERE source_offset = 7 ${DURABLE}`,
    );
    expect(brief(findings)).toEqual([{ kind: "PAYLOAD_MISSING", index: 7, id: testId(7) }]);
  });

  it("all payloads", async () => {
    const { summary } = await verifiedAfter("TRUNCATE TABLE payloads");
    expect(summary.findings).toEqual({ PAYLOAD_MISSING: RECORDS });
  });

  it("put in, at a position that is taken", async () => {
    const forged = "0192f000-0000-7000-8000-0000000000aa";
    const { findings } = await verifiedAfter(
      `INSERT INTO records SELECT * REPLACE(toUUID('${forged}') AS id) FROM records WHERE source_offset = 7`,
    );
    expect(brief(findings)).toEqual([{ kind: "INSERTED", index: 7, id: forged }]);
  });

  it("put in, in an invented partition", async () => {
    const { findings } = await verifiedAfter(
      "INSERT INTO records SELECT * REPLACE(toUInt32(9) AS source_partition) FROM records WHERE source_offset = 7",
    );
    expect(findings).toMatchObject([{ kind: "UNSEALED", log: `events/${GENERATION}/9` }]);
  });

  it("put in behind the ledger's end, where a record could be", async () => {
    const { findings } = await verifiedAfter(
      "INSERT INTO records SELECT * REPLACE(toUInt64(400) AS source_offset) FROM (SELECT * FROM records WHERE source_offset = 7)",
    );
    expect(findings).toMatchObject([{ kind: "UNANCHORED", index: RECORDS }]); // until the ledger has come there
  });

  it("exchanged with one another", async () => {
    const swap = "source_offset = if(source_offset = 7, 300, 7) WHERE source_offset IN (7, 300)";
    const { findings } = await verifiedAfter(
      `ALTER TABLE records UPDATE ${swap} ${DURABLE}`,
      `ALTER TABLE payloads UPDATE ${swap} ${DURABLE}`,
    );
    expect(brief(findings)).toEqual([
      { kind: "REORDERED", index: 7, id: testId(300) },
      { kind: "REORDERED", index: 300, id: testId(7) },
    ]);
  });

  it.each(["DROP", "DETACH"])("a month's part: %s PARTITION", async (how) => {
    const { findings, summary } = await verifiedAfter(`ALTER TABLE records ${how} PARTITION 202610`);
    expect(summary.findings.MISSING).toBe(100);
    expect(findings.filter(({ kind }) => kind === "MISSING")[0]).toMatchObject({ index: 0, id: testId(0) });
  });

  it("the whole table, replaced by another one", async () => {
    const { findings } = await verifiedAfter(
      "CREATE TABLE other AS records",
      "INSERT INTO other SELECT * REPLACE(if(source_offset = 7, 'nobody', agent) AS agent) FROM records WHERE source_offset != 9",
      "RENAME TABLE records TO former, other TO records",
    );
    expect(findings.map(({ kind, index }) => [kind, index])).toEqual([
      ["MODIFIED", 7],
      ["INSERTED", 9], // its payload, which stayed
      ["MISSING", 9],
    ]);
  });

  it("the table emptied", async () => {
    const { summary } = await verifiedAfter("TRUNCATE TABLE records");
    expect(summary.findings.MISSING).toBe(RECORDS);
  });
});

it("the ids of findings are those that were stored", () => {
  expect(uuidText(Uint8Array.from({ length: 16 }, (_, at) => at))).toBe(
    "00010203-0405-0607-0809-0a0b0c0d0e0f",
  );
});
