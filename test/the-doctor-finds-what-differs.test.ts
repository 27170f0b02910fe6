import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { alertKey, encodeRecord, eventKey, incidentKey, revocationKey, TOPICS } from "@tripline/events";
import { loadOrCreateSigningKey, signRevocation } from "@tripline/response";
import { at, id, testAlert, testIncident, testRecord, testRevocation } from "@tripline/store/testing";
import {
  copiedHeaders,
  type Log,
  MARK_HEADERS,
  openEmbeddedLog,
  openKafkaLog,
  triplineTopics,
} from "@tripline/stream";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { startBroker } from "../infra/kafka/broker.ts";
import { openRepairWorld, type RepairWorld } from "./support/repair-world.ts";
import { requirement } from "./support/requirements.ts";
import { waitFor } from "./support/wait-for.ts";

const PORT = 24_010;
const BROKER_PORT = 24_012; // and its controller on the next
const RECORDS = 300;

const directory = mkdtempSync(join(tmpdir(), "tripline-doctor-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const key = loadOrCreateSigningKey(join(directory, "keys"));
const keys = [{ id: key.id, public_key: key.publicKey }];

let world: RepairWorld;
let operator: string;
afterEach(() => world?.close());

async function open(options: { log?: Log; partitions?: number; storeDir?: string } = {}): Promise<void> {
  world = await openRepairWorld({ port: PORT, keys, ...options });
  operator = await world.token("local", ["administer"]);
}

function call(n: number) {
  const record = testRecord(n, { actor: { credential: `local:c${n % 7}`, assurance: "verified" } });
  return { key: eventKey(record.envelope), value: Buffer.from(encodeRecord(record)) };
}

/** Calls, and between them all that has no row of its own: resends, poison, copies, letters replayed for another. */
async function fill(log: Log): Promise<void> {
  const poison = { key: "acme/local:c1", value: Buffer.from("poison") };
  await log.produce(
    TOPICS.events,
    Array.from({ length: RECORDS }, (_, n) => call(n)),
  );
  await log.produce(TOPICS.events, [
    call(5),
    poison,
    {
      ...call(6),
      headers: copiedHeaders({ generation: "earlier", partition: 0, offset: 6, appendTime: Date.now() }),
    },
    {
      ...call(8),
      headers: { [MARK_HEADERS.replayStep]: "detector", [MARK_HEADERS.replayOf]: "g/tripline.events/0/8" },
    },
    { key: "acme/x", value: Buffer.from(foreign(900)) },
  ]);
  const alert = testAlert(1);
  const resolved = { ...alert, state: "resolved" as const, state_by: "ann", state_at: at(9) };
  await log.produce(
    TOPICS.alerts,
    [alert, testAlert(2), alert, resolved].map((each) => ({
      key: alertKey("acme", each.id),
      value: Buffer.from(JSON.stringify(each)),
    })),
  );
  await log.produce(
    TOPICS.incidents,
    [1, 2, 3].flatMap((n) =>
      [testIncident(n), testIncident(n, { version: 2, state: "acknowledged" as const })].map((each) => ({
        key: incidentKey("acme", each.id),
        value: Buffer.from(JSON.stringify(each)),
      })),
    ),
  );
  const { key_id: _id, signature: _signature, ...entry } = testRevocation({ expires_at: at(999_999) });
  const signed = signRevocation(entry, key);
  const forged = { ...signed, id: "rev-forged" };
  await log.produce(
    TOPICS.revocations,
    [signed, forged].map((each) => ({ key: revocationKey(each), value: Buffer.from(JSON.stringify(each)) })),
  );
}

/** As a producer of another make writes it: spaces, the payload first. */
function foreign(n: number): string {
  const { envelope, payload } = testRecord(n);
  return `{ "payload": ${JSON.stringify(payload)}, "envelope": ${JSON.stringify(envelope, null, 1)} }`;
}

interface Told {
  code: number;
  err: string;
  findings: { kind: string; offset: number | null; what: string; id?: string; topic: string; seq?: number }[];
  partitions: Record<string, number>[];
  summary: { state: string; positions: number; not_yet_stored: number } | undefined;
}

async function doctor(...options: string[]): Promise<Told> {
  const { code, out, err } = await world.tripline(operator, "--json", "doctor", ...options);
  const lines = out
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
  return {
    code,
    err,
    findings: lines.filter(({ type }) => type === "finding"),
    partitions: lines.filter(({ type }) => type === "partition"),
    summary: lines.find(({ type }) => type === "summary"),
  };
}

const total = (told: Told, what: string) => told.partitions.reduce((sum, each) => sum + (each[what] ?? 0), 0);

/** Done when the engine has done it. */
const NOW = "SETTINGS mutations_sync = 2";

describe("a whole store", { timeout: 90_000 }, () => {
  beforeEach(async () => {
    await open({ partitions: 3 });
    await fill(world.log);
    await world.archiveAll();
    await world.archiveAll();
  });

  it("is whole, and what has no row is explained; what is newer is a lag", async () => {
    const told = await doctor();
    expect(told.findings).toEqual([]);
    expect(told).toMatchObject({ code: 0, summary: { state: "whole", not_yet_stored: 1 } }); // the record of the asking
    const events = await doctor("--topic", TOPICS.events);
    expect(total(events, "rows")).toBe(RECORDS + 1);
    expect(
      ["resent", "dead_letters", "copied", "replayed_for_another"].map((what) => total(events, what)),
    ).toEqual([1, 1, 1, 1]);
    const incidents = await doctor("--topic", TOPICS.incidents);
    expect([total(incidents, "rows"), total(incidents, "superseded")]).toEqual([3, 3]);
    await world.log.produce(TOPICS.events, [call(1000), call(1001)]);
    const later = await doctor();
    expect(later).toMatchObject({ code: 0, summary: { state: "whole", not_yet_stored: 6 } });
    const text = await world.tripline(operator, "doctor");
    expect(text.out).toMatch(/whole: \d+ positions/);
    expect(text.out).toContain("not yet stored");
  });

  it("is no longer, once a row is deleted, doubled, altered, or a payload taken behind its back", async () => {
    const position = async (n: number) => {
      const record = await world.store.reader({ tenant: "acme", payloads: false }).record(id(n));
      return { offset: record?.source.offset ?? -1, partition: record?.source.partition ?? -1 };
    };
    const where = { deleted: await position(10), payload: await position(11), doubled: await position(12) };
    const altered = await position(13);
    const words = await position(14);
    const swapped = await position(15);
    for (const statement of [
      `ALTER TABLE records DELETE WHERE id = '${id(10)}' ${NOW}`,
      `ALTER TABLE payloads DELETE WHERE record_id = '${id(10)}' ${NOW}`,
      `ALTER TABLE payloads DELETE WHERE record_id = '${id(11)}' ${NOW}`,
      `INSERT INTO records SELECT * FROM records WHERE id = '${id(12)}'`,
      `ALTER TABLE records UPDATE outcome = 'denied' WHERE id = '${id(13)}' ${NOW}`,
      `ALTER TABLE payloads UPDATE result = 'nothing happened' WHERE record_id = '${id(14)}' ${NOW}`,
      `INSERT INTO payloads SELECT * REPLACE (toUUID('${id(16)}') AS record_id) FROM (SELECT * FROM payloads WHERE record_id = '${id(15)}')`,
      `ALTER TABLE payloads DELETE WHERE record_id = '${id(15)}' ${NOW}`,
      `ALTER TABLE alerts DELETE WHERE id = '${testAlert(2).id}' ${NOW}`,
      `ALTER TABLE alert_states UPDATE state = 'open' WHERE 1 ${NOW}`,
      `ALTER TABLE incidents DELETE WHERE id = '${testIncident(1).id}' ${NOW}`,
      `ALTER TABLE incidents UPDATE body = replace(body, 'acknowledged', 'resolved') WHERE id = '${testIncident(2).id}' ${NOW}`,
      `ALTER TABLE revocations UPDATE expires_at = toDateTime64('2200-01-01 00:00:00', 3, 'UTC') WHERE 1 ${NOW}`,
      // A row that nobody wrote to the log, behind its end.
      `INSERT INTO records SELECT * REPLACE (9000000 AS source_offset) FROM records WHERE id = '${id(20)}'`,
    ]) {
      await world.alter(statement);
    }
    const told = await doctor();
    expect(told).toMatchObject({ code: 1, summary: { state: "findings" } });
    const brief = told.findings.map(({ kind, topic, offset, what }) => `${kind} ${topic}/${offset}: ${what}`);
    expect(brief).toHaveLength(14);
    expect(brief).toEqual(
      expect.arrayContaining([
        `missing ${TOPICS.events}/${where.deleted.offset}: the log holds it, and the store has no row of it`,
        `missing ${TOPICS.events}/${where.payload.offset}: its payload is not stored, and no erasure covers it`,
        `doubled ${TOPICS.events}/${where.doubled.offset}: one position, 2 rows`,
        `altered ${TOPICS.events}/${altered.offset}: the stored envelope is not the one that the log holds`,
        `altered ${TOPICS.events}/${words.offset}: the stored payload is not the one that its envelope names`,
        `altered ${TOPICS.events}/${swapped.offset}: its payload is filed under another record`,
        expect.stringMatching(/^missing tripline.alerts\/\d+: the log holds this alert/),
        expect.stringMatching(/^altered tripline.alerts\/\d+: the stored state is not/),
        expect.stringMatching(/^missing tripline.incidents\/\d+: the log holds this incident/),
        expect.stringMatching(/^altered tripline.incidents\/\d+: the stored incident is not/),
        expect.stringMatching(/^altered tripline.revocations\/\d+: the stored revocation is not/),
        expect.stringMatching(/^extra tripline.events\/\d+: rows name positions behind the log's end/),
        `doubled ${TOPICS.events}/null: one id, 2 rows`,
      ]),
    );
    expect(told.findings.find(({ what }) => what.startsWith("the log holds it"))).toMatchObject({
      id: id(10),
      producer: "gw-1",
      seq: 10,
      time: at(10),
    });
    const { partition, offset } = where.deleted;
    const part = ["--topic", TOPICS.events, "--partition", String(partition)];
    const only = await doctor(...part, "--from", String(offset), "--to", String(offset + 1));
    expect(only).toMatchObject({ code: 1, summary: { positions: 1 } });
    expect((await world.tripline(operator, "doctor", "--topic", TOPICS.events)).out).toContain(
      `(id ${id(10)}, tenant acme, producer gw-1 #10, time ${at(10)})`,
    );
  });

  it("is looked at only by who runs the installation, and what can't be checked is not called whole", async () => {
    const theirs = await world.token("acme", ["administer"]);
    expect((await world.tripline(theirs, "doctor")).code).toBe(4);
    const reader = await world.token("local", ["read"]);
    expect((await world.tripline(reader, "doctor")).code).toBe(4);
    expect((await doctor("--topic", TOPICS.events, "--partition", "7")).code).toBe(2);
    expect((await world.tripline(operator, "doctor", "--from", "3")).code).toBe(2);
    // One runs at a time, and one that nobody listens to any more ends.
    const left = new AbortController();
    const url = `http://127.0.0.1:${PORT}/api/doctor`;
    const ask = { headers: { authorization: `Bearer ${operator}` }, signal: left.signal };
    await (await fetch(url, ask)).body?.getReader().read();
    left.abort();
    await waitFor(async () => (await doctor("--topic", TOPICS.alerts)).code === 0, { what: "its turn" });
    // The archiver has come to the events and not to their letters.
    await world.alter("TRUNCATE TABLE dead_letters");
    await world.log.produce(TOPICS.deadLetters, [{ key: null, value: Buffer.from("one more") }]);
    const untold = await doctor("--topic", TOPICS.revocations);
    expect(untold).toMatchObject({ code: 2, summary: { state: "not_checked" }, findings: [] });
  });
});

describe("a store whose archiver was killed", () => {
  const CHILD = new URL("../services/archiver/src/archive-until-killed.testing.ts", import.meta.url).pathname;

  it("is whole once its successor is done, whatever the step at which it was killed", async () => {
    const logDir = join(directory, "log");
    const storeDir = join(directory, "store");
    const embedded = openEmbeddedLog({ directory: logDir });
    await embedded.ensureTopics(triplineTopics(1));
    await fill(embedded);
    await embedded.close();
    for (const boundary of [3, 6, 9]) {
      const child = spawn(process.execPath, [CHILD, logDir, storeDir, String(boundary)], { stdio: "ignore" });
      expect((await once(child, "exit"))[1]).toBe("SIGKILL");
    }
    await open({ log: openEmbeddedLog({ directory: logDir }), storeDir });
    const midway = await doctor();
    expect(midway.findings).toEqual([]);
    expect(midway.summary?.not_yet_stored).toBeGreaterThan(0);
    await world.archiveAll();
    await world.archiveAll();
    const told = await doctor();
    expect(told.findings).toEqual([]);
    expect(told).toMatchObject({ code: 0, summary: { state: "whole" } });
    expect(total(told, "rows")).toBeGreaterThan(RECORDS);
  }, 60_000);
});

describe.skipIf(requirement("kafka").missing)("on Kafka with three partitions", () => {
  it("finds the same", async () => {
    const broker = await startBroker({ port: BROKER_PORT, dataDir: join(directory, "kafka") });
    try {
      await open({ log: await openKafkaLog({ brokers: [broker.address] }), partitions: 3 });
      await fill(world.log);
      await world.archiveAll();
      await world.archiveAll();
      const told = await doctor();
      expect(told.findings).toEqual([]);
      expect(told).toMatchObject({ code: 0, summary: { state: "whole" } });
      expect(told.partitions.filter(({ positions = 0 }) => positions > 0).length).toBeGreaterThan(3);
      await world.alter(`ALTER TABLE records DELETE WHERE id = '${id(10)}' ${NOW}`);
      const after = await doctor("--topic", TOPICS.events);
      expect(after.code).toBe(1);
      expect(after.findings.map(({ kind }) => kind).sort()).toEqual(["extra", "missing"]); // its payload is still there
      await world.close();
    } finally {
      await broker.stop();
    }
  }, 300_000);
});
