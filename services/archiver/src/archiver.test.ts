import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  alertKey,
  encodeRecord,
  incidentKey,
  revocationKey,
  type SignedRevocation,
  TOPIC_CLEANUP,
  TOPICS,
} from "@tripline/events";
import { loadOrCreateSigningKey, signRevocation } from "@tripline/response";
import { createContext } from "@tripline/service";
import type { Store } from "@tripline/store";
import {
  at,
  id,
  insertRecords,
  openTemporaryStore,
  T0,
  testAlert,
  testIncident,
  testRecord,
  testRevocation,
} from "@tripline/store/testing";
import { copiedHeaders, createMemoryLog, MARK_HEADERS, type MemoryLog } from "@tripline/stream";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { waitFor } from "../../../test/support/wait-for.ts";
import { createArchiver } from "./archiver.ts";

const DAY_MS = 24 * 3600 * 1000;
let store: Store;
let log: MemoryLog;
const context = createContext({ service: "test", logLevel: "silent" });

const keysIn = mkdtempSync(join(tmpdir(), "tripline-archiver-keys-"));
afterAll(() => rmSync(keysIn, { recursive: true }));
const former = loadOrCreateSigningKey(join(keysIn, "former"));
const current = loadOrCreateSigningKey(join(keysIn, "current"));
const foreign = loadOrCreateSigningKey(join(keysIn, "foreign"));

function signed(key: typeof current, over: Partial<SignedRevocation>): SignedRevocation {
  const { key_id: _id, signature: _signature, ...entry } = testRevocation(over);
  return signRevocation(entry, key);
}

beforeEach(async () => {
  store = await openTemporaryStore();
  log = createMemoryLog();
  await log.ensureTopics(
    Object.values(TOPICS).map((name) => ({ name, partitions: 1, cleanup: TOPIC_CLEANUP[name] })),
  );
});
afterEach(async () => {
  await log.close();
  await store.close();
});

async function produce(texts: readonly string[]): Promise<void> {
  await log.produce(
    TOPICS.events,
    texts.map((text) => ({ key: "acme/x", value: Buffer.from(text) })),
  );
}

async function archived(rows: number): Promise<number[]> {
  const reader = store.reader({ tenant: "acme", payloads: true });
  const page = await waitFor(
    async () => {
      const found = await reader.searchCalls({}, { limit: 500, order: "oldest" });
      return found.rows.length >= rows && found;
    },
    { what: `${rows} archived records` },
  );
  return page.rows.map((row) => row.seq);
}

async function withArchiver<T>(work: () => Promise<T>, maxRangeRecords?: number): Promise<T> {
  const archiver = createArchiver({
    ledger: null,
    log,
    store,
    context,
    revocationKeys: () => [former, current].map(({ id, publicKey }) => ({ id, public_key: publicKey })),
    ...(maxRangeRecords === undefined ? {} : { maxRangeRecords }),
  });
  await archiver.start();
  expect(archiver.health().state).toBe("ready");
  try {
    return await work();
  } finally {
    await archiver.stop();
  }
}

async function drained(): Promise<void> {
  await waitFor(
    async () => {
      const [end] = await log.offsets(TOPICS.events);
      const committed = await log.committed(TOPICS.events, "archiver-events");
      return committed.get(0)?.offset === end?.next && committed.get(0)?.metadata === "";
    },
    { what: "the events to be committed" },
  );
}

describe("the archiver", () => {
  it("stores each record with its exact bytes, its payload and its people", async () => {
    const record = testRecord(1, {
      payload: { args: { a: 1 }, names: { [`sub_${"a".repeat(32)}`]: "Ana" } },
    });
    const foreign = `{ "vendor": 1, "envelope": ${JSON.stringify(testRecord(2).envelope, null, 1)}, "payload": ${JSON.stringify(testRecord(2).payload)} }`;
    await produce([encodeRecord(record), foreign]);
    await withArchiver(async () => {
      expect(await archived(2)).toEqual([1, 2]);
    });
    const reader = store.reader({ tenant: "acme", payloads: true });
    const found = await reader.record(id(1));
    expect(found).toMatchObject({
      envelope: record.envelope,
      payload: record.payload,
      source: { partition: 0, offset: 0 },
    });
    expect((await reader.record(id(2)))?.envelope_text).toBe(JSON.stringify(testRecord(2).envelope, null, 1));
    expect((await reader.searchCalls({ principal: "ana" })).rows.length).toBe(2);
  });

  it("stores what a producer sent twice once, and what came late too", async () => {
    const texts = [0, 1, 2, 4, 5].map((n) => encodeRecord(testRecord(n)));
    await produce([...texts, ...texts.slice(1, 3)]);
    await withArchiver(async () => {
      expect(await archived(5)).toEqual([0, 1, 2, 4, 5]);
      await produce([...texts, encodeRecord(testRecord(3)), encodeRecord(testRecord(6))]);
      expect(await archived(7)).toEqual([0, 1, 2, 3, 4, 5, 6]);
      await drained();
    });
    // also by an archiver that has not seen the first ones
    await produce([...texts, encodeRecord(testRecord(7))]);
    await withArchiver(async () => {
      expect(await archived(8)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
      await drained();
    });
    expect((await store.tableSizes()).payloads.rows).toBe(8);
    const metrics = await context.metrics.metrics();
    expect(metrics).toMatch(/tripline_archiver_duplicates_total{[^}]*} 12/);
    expect(metrics).toMatch(/tripline_archiver_late_total{[^}]*} 1/);
  });

  it("knows what an earlier generation of the log held, in whatever partition, however long ago", async () => {
    const boot = testRecord(0).envelope.producer.boot;
    const old = (seq: number) => {
      const time = new Date(T0 - 60 * DAY_MS + seq).toISOString();
      return testRecord(seq, { time, producer: { id: "laptop", boot, seq } });
    };
    const stored = [0, 1, 2, 3, 4, 5].map(old);
    await insertRecords(store.writer, stored, 7, { generation: "embedded-before", partition: 3 });
    // The spool of a machine that was away for two months: a resend of the last batch, then what is new.
    await produce([3, 4, 5, 6, 7].map((seq) => encodeRecord(old(seq))));
    await withArchiver(drained, 2);
    expect(await archived(8)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect((await store.tableSizes()).payloads.rows).toBe(8);
  });

  it("makes no rows of what a cut-over copied, and rows of a replayed letter once, if it is for it", async () => {
    const send = (n: number, headers: Record<string, string>) =>
      log.produce(TOPICS.events, [
        { key: "acme/x", value: Buffer.from(encodeRecord(testRecord(n))), headers },
      ]);
    const replayed = (step: string) => ({
      [MARK_HEADERS.replayStep]: step,
      [MARK_HEADERS.replayOf]: "memory-1/tripline.events/0/4",
    });
    await send(1, copiedHeaders({ generation: "embedded-1", partition: 0, offset: 1, appendTime: T0 }));
    await send(5, {});
    await send(2, replayed("archiver-events"));
    await send(3, replayed("detector"));
    await send(2, replayed("archiver-events"));
    await withArchiver(async () => {
      expect(await archived(2)).toEqual([2, 5]);
      await drained();
    }, 1);
    expect(await archived(2)).toEqual([2, 5]);
    const { records, payloads } = await store.tableSizes();
    expect([records.rows, payloads.rows]).toEqual([2, 2]);
  });

  it("puts what it can't read into the dead letters and goes on", async () => {
    const changed = encodeRecord(testRecord(3)).replace("content 3", "content X");
    await produce(["no json", encodeRecord(testRecord(1)), "{}", changed, encodeRecord(testRecord(2))]);
    await log.produce(TOPICS.events, [{ key: null, value: Buffer.from([0xff, 0xfe]) }]);
    await withArchiver(async () => {
      expect(await archived(2)).toEqual([1, 2]);
      await drained();
    });
    const [letters] = await log.offsets(TOPICS.deadLetters);
    expect(letters?.next).toBe(4);
  });

  it("changes nothing when a range is handed to it again", async () => {
    await produce(Array.from({ length: 10 }, (_, n) => encodeRecord(testRecord(n))));
    await withArchiver(() => archived(10), 4);
    const before = await store.tableSizes();
    await log
      .consume({
        topic: TOPICS.events,
        group: "archiver-events",
        onAssigned: async (assignment) => {
          // as if it had died before the commit that ends the range 4-7
          await assignment.commit(4, JSON.stringify({ first: 4, last: 7 }));
          return { onBatch: () => Promise.resolve() };
        },
      })
      .then(async (consumer) => {
        await waitFor(
          async () => (await log.committed(TOPICS.events, "archiver-events")).get(0)?.offset === 4,
        );
        await consumer.close();
      });
    await withArchiver(drained, 4);
    const after = await store.tableSizes();
    expect([after.records.rows, after.payloads.rows]).toEqual([before.records.rows, before.payloads.rows]);
    expect(await archived(10)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("stores alerts and revocations", async () => {
    const alert = testAlert(1);
    const entry = signed(current, {});
    const poison = { key: "acme/x", value: Buffer.from("{}") };
    await log.produce(TOPICS.alerts, [
      { key: alertKey("acme", alert.id), value: Buffer.from(JSON.stringify(alert)) },
      poison,
      {
        key: alertKey("acme", alert.id),
        value: Buffer.from(JSON.stringify({ ...alert, state: "resolved", state_at: at(9) })),
      },
    ]);
    await log.produce(TOPICS.revocations, [
      { key: revocationKey(entry), value: Buffer.from(JSON.stringify(entry)) },
    ]);
    const reader = store.reader({ tenant: "acme", payloads: false });
    await withArchiver(async () => {
      const alerts = await waitFor(async () => {
        const found = await reader.alerts();
        return found.rows.length > 0 && found.rows;
      });
      expect(alerts.map((row) => [row.id, row.state])).toEqual([[alert.id, "resolved"]]);
      const found = await waitFor(() => reader.revocation("rev-1"));
      expect(found.revocation).toMatchObject({ id: "rev-1", state: "active", signature: entry.signature });
    });
  });

  it("stores of each incident its newest version, and which alerts are in it", async () => {
    const versions = Array.from({ length: 40 }, (_, n) =>
      testIncident(1, {
        version: n + 1,
        alerts: n + 1,
        alert_ids: Array.from({ length: n + 1 }, (_, k) => testAlert(k).id).slice(-20),
      }),
    );
    const last = versions.at(-1);
    if (last === undefined) throw new Error("no versions");
    const { id: incidentId } = last;
    const key = incidentKey("acme", incidentId);
    const poison = { key, value: Buffer.from('{"v":1}') };
    await log.produce(TOPICS.alerts, [
      { key: alertKey("acme", testAlert(0).id), value: Buffer.from(JSON.stringify(testAlert(0))) },
    ]);
    await log.produce(TOPICS.incidents, [
      ...versions.map((version) => ({ key, value: Buffer.from(JSON.stringify(version)) })),
      poison,
    ]);
    const reader = store.reader({ tenant: "acme", payloads: false });
    await withArchiver(async () => {
      await waitFor(async () => (await reader.incident(incidentId))?.incident.version === 40, {
        what: "the newest version",
      });
      const rows = await waitFor(async () => {
        const found = await reader.alerts({ incident: incidentId });
        return found.rows.length > 0 && found.rows;
      });
      expect(rows.map((row) => row.id)).toEqual([testAlert(0).id]); // which the newest version no longer names
      await waitFor(async () => (await log.offsets(TOPICS.deadLetters))[0]?.next === 1, {
        what: "a dead letter",
      });
    }, 7);
    expect((await reader.incidents()).rows.map(({ version, alerts }) => [version, alerts])).toEqual([
      [40, 40],
    ]);
    expect((await store.tableSizes()).incident_alerts.rows).toBeGreaterThanOrEqual(40);
  });

  it("stores a revocation that a former key signed, and none that no known key did", async () => {
    const old = signed(former, { id: "rev-old" });
    const altered = { ...signed(current, { id: "rev-altered" }), subject: "local:other" };
    const entries = [
      signed(foreign, { id: "rev-foreign" }),
      altered,
      testRevocation({ id: "rev-text" }),
      old,
    ];
    const moved = {
      key: "acme/elsewhere",
      value: Buffer.from(JSON.stringify(signed(current, { id: "rev-moved" }))),
    };
    await log.produce(TOPICS.revocations, [
      ...entries
        .map((entry) => ({ key: revocationKey(entry), value: Buffer.from(JSON.stringify(entry)) }))
        .slice(0, 3),
      moved,
      { key: revocationKey(old), value: Buffer.from(JSON.stringify(old)) },
    ]);
    const reader = store.reader({ tenant: "acme", payloads: false });
    await withArchiver(async () => {
      await waitFor(() => reader.revocation("rev-old"), { what: "the entry of the former key" });
      for (const id of ["rev-foreign", "rev-altered", "rev-text", "rev-moved"])
        expect(await reader.revocation(id), id).toBeNull();
      await waitFor(async () => (await log.offsets(TOPICS.deadLetters))[0]?.next === 4, {
        what: "dead letters",
      });
    });
    expect(await context.metrics.metrics()).toMatch(
      /tripline_archiver_rejected_total{[^}]*reason="forged"[^}]*} 4/,
    );
  });
});
