import { encodeRecord, eventKey, TOPICS } from "@tripline/events";
import { createContext } from "@tripline/service";
import { rowFromName } from "@tripline/store";
import { GENERATION, id, testRecord } from "@tripline/store/testing";
import { runSink } from "@tripline/stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Erasing } from "../services/eraser/src/erasing.ts";
import { openRepairWorld, type RepairWorld } from "./support/repair-world.ts";
import { waitFor } from "./support/wait-for.ts";

const PORT = 21_840;
const DAY_MS = 24 * 3600 * 1000;
const NOW = Date.now();
const ago = (ms: number) => new Date(NOW - ms).toISOString();
const ADA = `sub_${"a".repeat(32)}`;
const EVE = `sub_${"e".repeat(32)}`;
const context = createContext({ service: "test", logLevel: "silent" });

let world: RepairWorld;
let now = NOW;
beforeEach(async () => {
  now = NOW;
  world = await openRepairWorld({ port: PORT });
});
afterEach(() => world.close());

/** Two of Ada's, one of them old; one of Eve's, in a session of her own. */
const records = [
  testRecord(1, { actor: { principal: ADA }, time: ago(40 * DAY_MS), received: ago(40 * DAY_MS) }),
  testRecord(2, { actor: { principal: ADA }, time: ago(DAY_MS), received: ago(DAY_MS) }),
  testRecord(3, {
    actor: { principal: EVE },
    session: { id: "s-eve" },
    time: ago(DAY_MS),
    received: ago(DAY_MS),
  }),
].map((record) => ({ ...record, envelope: { ...record.envelope, tenant: "local" } }));

async function write(some = records): Promise<void> {
  await world.log.produce(
    TOPICS.events,
    some.map((record) => ({ key: eventKey(record.envelope), value: Buffer.from(encodeRecord(record)) })),
  );
}

async function nameAda(): Promise<void> {
  await world.store.writer.insert(
    { generation: GENERATION, topic: "names", partition: 0, first: 0, last: 0 },
    { table: "directory", lines: [rowFromName("local", ADA, "Ada Example", NOW - 1_000)] },
  );
}

/** Archives what the log holds, and erases until nothing is left to do. */
async function settle(payloadDays = 36_500): Promise<void> {
  const erasing = new Erasing({
    log: world.log,
    eraser: world.store.eraser,
    context: { ...context, now: () => now },
    days: { payloadDays, nameDays: 36_500, envelopeDays: 36_500 },
  });
  const signal = new AbortController().signal;
  // One look sees, the next removes; what it wrote itself has to be archived between.
  for (let look = 0; look < 4; look++) {
    await world.archiveAll();
    await erasing.look(signal);
    await waitFor(async () => (await world.store.eraser.removals()).length === 0, { what: "the removals" });
  }
  expect(erasing.trouble).toBeNull();
}

async function payloads(): Promise<number[]> {
  const reader = world.store.reader({ tenant: "local", payloads: true });
  const found: number[] = [];
  for (const n of [1, 2, 3]) if ((await reader.record(id(n)))?.payload_text != null) found.push(n);
  return found;
}

async function json(token: string, ...line: string[]) {
  const ended = await world.tripline(token, "--json", ...line);
  expect(ended.err).toBe("");
  return JSON.parse(ended.out);
}

describe("tripline erase and hold", () => {
  it("erases a person found by name, tells every other copy, and the doctor finds nothing missing", async () => {
    await write();
    await nameAda();
    await world.archiveAll();
    const eraser = await world.token("local", ["read", "read_payload", "erase"]);
    const args = ["erase", "principal", "ada example", "--reason", "asked us to"];
    expect((await world.tripline(eraser, ...args)).code).toBe(2); // neither --dry-run nor --yes
    const dry = await json(eraser, ...args, "--dry-run");
    expect(dry).toMatchObject({
      id: null,
      covers: { principal: ADA },
      left: { payloads: 2, names: 1, held: 0 },
    });
    expect(await payloads()).toEqual([1, 2, 3]);

    const shown = await world.tripline(eraser, ...args, "--yes");
    expect(shown).toMatchObject({ code: 0, err: "" });
    for (const copy of [
      "store",
      "tripline.events",
      "dead letters",
      "spools",
      "snapshots",
      "backups",
      "alerts",
    ]) {
      expect(shown.out).toContain(copy);
    }
    const [erasure] = await world.store.eraser.records();
    expect(erasure).toBeUndefined(); // not archived yet
    expect(await json(eraser, "erase", "list")).toMatchObject({ state: "pending" });
    await settle();
    expect(await payloads()).toEqual([3]);
    expect(await json(eraser, "erase", "list")).toMatchObject({
      state: "done",
      reason: "asked us to",
      covers: { kind: "principal", principal: ADA },
    });
    const reader = world.store.reader({ tenant: "local", payloads: true });
    expect(await reader.names([ADA])).toEqual(new Map());
    expect((await reader.record(id(1)))?.envelope.actor?.principal).toBe(ADA);

    const call = await world.tripline(eraser, "call", id(1), "--payload");
    expect(call.out).toContain(`erased under the record ${(await world.store.eraser.records())[0]?.id}`);

    const operator = await world.token("local", ["administer"]);
    const doctor = await world.tripline(operator, "doctor");
    expect(doctor.out).toContain("2 payloads erased under a record");
    expect(doctor.code).toBe(0);
    await world.alter(`ALTER TABLE payloads DELETE WHERE record_id = '${id(3)}' SETTINGS mutations_sync = 1`);
    const found = await world.tripline(operator, "doctor");
    expect(found.out).toContain("its payload is not stored, and no erasure covers it");
    expect(found.code).toBe(1);
  });

  it("is for the role erase only, holds for the role hold only, and names for those who may read them", async () => {
    await write();
    await world.archiveAll();
    const everythingElse = await world.token("local", [
      "read",
      "read_payload",
      "respond",
      "hold",
      "administer",
    ]);
    const erase = ["erase", "session", "s-eve", "--reason", "x", "--yes"];
    expect((await world.tripline(everythingElse, ...erase)).code).toBe(4);
    const noHolds = await world.token("local", ["read", "respond", "erase", "administer"]);
    expect((await world.tripline(noHolds, "hold", "place", "--tenant", "--reason", "x")).code).toBe(4);
    const byName = ["erase", "principal", "Ada", "--reason", "x", "--yes"];
    expect((await world.tripline(noHolds, ...byName)).code).toBe(4);
    const foreign = await world.token("other", ["read", "erase"]);
    expect(await json(foreign, ...erase)).toMatchObject({ left: { payloads: 0 } });
    await settle();
    expect(await payloads()).toEqual([1, 2, 3]);
  });

  it("refuses what is under a legal hold, and keeps it from its age, until that is lifted", async () => {
    await write();
    await world.archiveAll();
    const token = await world.token("local", ["read", "erase", "hold"]);
    const { id: hold } = await json(token, "hold", "place", "--principal", ADA, "--reason", "Doe v. Acme");
    expect(await json(token, "hold", "list")).toMatchObject({
      id: hold,
      scope: { subject: ADA },
      reason: "Doe v. Acme",
    });
    const refused = await world.tripline(token, "erase", "principal", ADA, "--reason", "x", "--yes");
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.err).toContain(hold);
    // What is wider leaves it out.
    expect(await json(token, "erase", "before", "now", "--reason", "x", "--yes")).toMatchObject({
      left: { payloads: 1, held: 2 },
      holds: [hold],
    });
    await settle(30);
    expect(await payloads()).toEqual([1, 2]);
    await json(token, "hold", "release", hold, "--reason", "settled");
    expect((await world.tripline(token, "hold", "release", hold, "--reason", "again")).code).toBe(3);
    await settle(30);
    // Over its age is the old one; what the erasure left out would have to be asked for again.
    expect(await payloads()).toEqual([2]);
    const retentions = (await world.store.eraser.records()).filter(({ type }) => type === "retention");
    expect(retentions.map(({ retention }) => retention?.action).sort()).toEqual([
      "expired",
      "held",
      "released",
    ]);
  });

  it("a dead letter that is replayed brings no erased payload back", async () => {
    await write([records[2]].flatMap((record) => (record === undefined ? [] : [record])));
    // An archiver of a version that does not understand it.
    const handle = await runSink({
      log: world.log,
      name: "archiver-events",
      topic: TOPICS.events,
      open: () => ({
        write: async (_range, all) => all.map(({ offset }) => ({ offset, reason: "invalid" })),
      }),
    });
    await waitFor(async () => (await handle.lag()).every(({ lag }) => lag === 0), { what: "no lag" });
    await handle.close();
    await world.archiveAll();
    const token = await world.token("local", ["read", "read_payload", "erase", "administer"]);
    await json(token, "erase", "session", "s-eve", "--reason", "asked us to", "--yes");
    await settle();
    const replayed = [
      "dead-letters",
      "replay",
      "--reason",
      "invalid",
      "--why",
      "a newer archiver",
      "--count",
      "1",
    ];
    expect(await json(token, ...replayed)).toMatchObject({ done: 1 });
    await world.archiveAll();
    const found = await world.store.reader({ tenant: "local", payloads: true }).record(id(3));
    expect(found?.envelope.session?.id).toBe("s-eve");
    expect(found?.payload_text).toBeNull();
    expect((await world.store.tableSizes()).payloads.rows).toBe(0);
  });

  it("payloads expire by their age, each day's under one record, however many erasers there are", async () => {
    await write();
    await world.archiveAll();
    await settle(30);
    await settle(30);
    expect(await payloads()).toEqual([2, 3]);
    const [record, ...others] = await world.store.eraser.records();
    expect(others).toEqual([]);
    expect(record?.retention).toMatchObject({ action: "expired", by: "policy", except: [] });
    now += 30 * DAY_MS;
    await settle(30);
    expect(await payloads()).toEqual([]);
    expect(await world.store.eraser.records()).toHaveLength(2);
  });
});
