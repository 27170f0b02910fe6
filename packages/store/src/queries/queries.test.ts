import { payloadHash, TriplineError } from "@tripline/events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rowFromName } from "../rows/index.ts";
import type { Store } from "../store.ts";
import {
  at,
  GENERATION,
  id,
  insertAlerts,
  insertRecords,
  insertRevocations,
  openTemporaryHttpStore,
  openTemporaryStore,
  testAlert,
  testRecord,
  testRevocation,
} from "../testing/index.ts";
import type { CallFilter, PageRequest, StoreReader } from "./types.ts";

const ANA = `sub_${"a".repeat(32)}`;
const BEN = `sub_${"b".repeat(32)}`;
const DENIED = 40;
const COMPLETING = 20;

describe.each([
  ["embedded", openTemporaryStore],
  ["over HTTP", openTemporaryHttpStore],
])("the store %s", (_kind, open) => {
  let store: Store;
  let reader: StoreReader;
  let payloadless: StoreReader;

  beforeAll(async () => {
    store = await open();
    reader = store.reader({ tenant: "acme", payloads: true });
    payloadless = store.reader({ tenant: "acme", payloads: false });
    const calls = Array.from({ length: 30 }, (_, n) => testRecord(n));
    const session2 = { session: { id: "s-2", source: "mcp" as const } };
    const special = [
      testRecord(30, { actor: { principal: BEN, agent: "other", credential: "key:acme/1" } }),
      testRecord(31, {
        target: { server: "mail", tool: "send" },
        payload: { args: { to: "Eve@Evil.example", body: 'say "hi"\nnow' } },
      }),
      testRecord(32, {
        type: "call.intent",
        ...session2,
        call: { id: id(500), method: "tools/call", deadline: at(90) },
      }),
      testRecord(33, {
        ...session2,
        call: { id: id(500), method: "tools/call", outcome: "tool_error" },
        payload: { args: undefined, error: "no such table" },
      }),
      testRecord(34, {
        type: "call.intent",
        ...session2,
        call: { id: id(501), method: "tools/call", deadline: at(90) },
        payload: { args: { sql: "drop table users" } },
      }),
      testRecord(35, {
        type: "revocation.applied",
        applied: {
          id: "rev-1",
          scope: "credential",
          subject: "local:demo",
          state: "active",
          at: at(COMPLETING + 12),
        },
        time: at(COMPLETING + 12),
      }),
      testRecord(DENIED, {
        call: { id: id(502), method: "tools/call", outcome: "denied" },
        policy: { decision: "deny", rule: "rev-1" },
      }),
      testRecord(41, {
        type: "heartbeat",
        heartbeat: {
          from: at(0),
          to: at(41),
          from_seq: 0,
          to_seq: 41,
          dropped: {},
          hash: "ab".repeat(32),
          previous: null,
          goodbye: true,
        },
      }),
    ];
    await insertRecords(store.writer, [...calls, ...special]);
    await insertRecords(
      store.writer,
      [testRecord(900, { tenant: "globex", payload: { result: "content globex" } })],
      100,
    );
    const source = { generation: GENERATION, topic: "tripline.events", partition: 0, first: 0, last: 99 };
    await store.writer.insert(source, {
      table: "directory",
      lines: [
        rowFromName("acme", ANA, "Ana Silva", 1),
        rowFromName("acme", ANA, "ana@acme.example", 2),
        rowFromName("acme", BEN, "Ben Ana-Maria", 3),
        rowFromName("globex", BEN, "Ana of Globex", 3),
      ],
    });
    const alert = testAlert(COMPLETING);
    await insertAlerts(store.writer, [
      alert,
      testAlert(50, { severity: "low", rule: { id: "other", title: "Other", hash: "cd".repeat(32) } }),
    ]);
    await insertAlerts(
      store.writer,
      [{ ...alert, state: "acknowledged", state_by: "tok-1", state_at: at(60) }, alert],
      10,
    );
    await insertRevocations(store.writer, [
      testRevocation({ alert_id: alert.id }),
      testRevocation({ id: "rev-2", subject: "local:two", decided_at: at(9) }),
    ]);
    await insertRevocations(
      store.writer,
      [
        testRevocation({ alert_id: alert.id, state: "reinstated", reinstated_at: at(100) }),
        testRevocation({ alert_id: alert.id }),
      ],
      10,
    );
  });
  afterAll(() => store.close());

  const seqs = async (filter: CallFilter, page?: PageRequest) =>
    (await reader.searchCalls(filter, page)).rows.map((row) => row.seq);

  async function code(work: Promise<unknown>): Promise<string> {
    const error: unknown = await work.then(
      () => null,
      (reason: unknown) => reason,
    );
    return error instanceof TriplineError ? error.code : String(error);
  }

  describe("calls", () => {
    it("gives history whole, page by page, in the order in which things happened", async () => {
      const filter = { since: at(0), until: at(1000), types: ["call", "call.intent"] as const };
      const all = await reader.history(filter);
      expect(all.next).toBeNull();
      const times = all.records.map(({ envelope_text }) => JSON.parse(envelope_text).time);
      expect(times).toEqual([...times].sort());
      expect(times.length).toBeGreaterThan(30);
      for (const { envelope_text, payload_text, has_payload } of all.records) {
        const { payload_hash } = JSON.parse(envelope_text);
        expect(has_payload).toBe(payload_hash !== undefined);
        if (payload_text !== null) expect(payloadHash(payload_text)).toBe(payload_hash);
      }
      expect(all.records.filter(({ payload_text }) => payload_text !== null).length).toBeGreaterThan(2);
      const paged = [];
      for (let cursor: string | null | undefined; cursor !== null; ) {
        const page = await reader.history(filter, { limit: 7, cursor });
        expect(page.records.length).toBeLessThanOrEqual(7);
        paged.push(...page.records);
        cursor = page.next;
      }
      expect(paged).toEqual(all.records);
      const ofBen = await reader.history({ ...filter, credential: "key:acme/1" });
      expect(ofBen.records).toHaveLength(1);
      await expect(payloadless.history(filter)).rejects.toThrow("payloads may not be read");
    });

    it("come newest first, of one tenant, calls only", async () => {
      expect(await seqs({}, { limit: 5 })).toEqual([DENIED, 33, 31, 30, 29]);
      expect(
        (await store.reader({ tenant: "globex", payloads: true }).searchCalls({})).rows.map((row) => row.seq),
      ).toEqual([900]);
      expect((await store.reader({ tenant: "nobody", payloads: true }).searchCalls({})).rows).toEqual([]);
    });

    it("are found by each filter, and by several", async () => {
      expect(await seqs({ since: at(28), until: at(31) })).toEqual([30, 29, 28]);
      expect(await seqs({ agent: "other" })).toEqual([30]);
      expect(await seqs({ credential: "key:acme/1" })).toEqual([30]);
      expect(await seqs({ server: "mail", tool: "send" })).toEqual([31]);
      expect(await seqs({ outcome: ["denied", "tool_error"] })).toEqual([DENIED, 33]);
      expect(await seqs({ session: "s-2" })).toEqual([33]);
      expect(await seqs({ types: ["heartbeat", "call.intent"] })).toEqual([41, 34, 32]);
      expect(await seqs({ server: "mail", agent: "other" })).toEqual([]);
    });

    it("are found by who they were for: a subject id, a name, part of an address, several people", async () => {
      expect(await seqs({ principal: BEN })).toEqual([30]);
      expect(await seqs({ principal: "ben" })).toEqual([30]);
      expect((await seqs({ principal: "ana@acme" })).length).toBe(33);
      const both = await reader.searchCalls({ principal: "ana" }, { limit: 100 });
      expect(both.rows.length).toBe(34);
      expect(both.principals).toEqual([
        { subject_id: BEN, names: ["Ben Ana-Maria"] },
        { subject_id: ANA, names: ["ana@acme.example", "Ana Silva"] },
      ]);
      expect(await reader.searchCalls({ principal: "carla" })).toMatchObject({ rows: [], principals: [] });
    });

    it("are found by what was said, also in the intent's arguments, by those who may read it", async () => {
      expect(await seqs({ text: "eve@evil.example" })).toEqual([31]);
      expect(await seqs({ text: 'say "hi"\nnow' })).toEqual([31]);
      expect(await seqs({ text: "CONTENT 7" })).toEqual([7]);
      expect(await seqs({ text: "no such table" })).toEqual([33]);
      expect(await seqs({ text: "drop table", types: ["call", "call.intent"] })).toEqual([34]);
      expect(await seqs({ text: "globex" })).toEqual([]);
      expect(await code(payloadless.searchCalls({ text: "content" }))).toBe(
        "TRIPLINE_STORE_PAYLOAD_FORBIDDEN",
      );
    });

    it("take hostile text as text", async () => {
      for (const hostile of [
        "' OR 1=1 --",
        "\\' OR 1=1 --",
        "%",
        "\u0000\ud800'",
        "'); DROP TABLE records; --",
        "{p0:String}",
      ]) {
        expect(await seqs({ agent: hostile })).toEqual([]);
        expect(await seqs({ text: hostile })).toEqual([]);
        expect((await reader.searchCalls({ principal: hostile })).rows).toEqual([]);
        expect(await reader.revocation(hostile)).toBeNull();
        expect(await reader.record(hostile)).toBeNull();
        expect(await code(reader.searchCalls({ since: hostile }))).toBe("TRIPLINE_STORE_FILTER_INVALID");
        expect(await code(reader.searchCalls({}, { cursor: hostile }))).toBe("TRIPLINE_STORE_CURSOR_INVALID");
      }
      expect(() => store.reader({ tenant: "a' OR 1=1", payloads: true })).toThrow(TriplineError);
      expect((await store.tableSizes()).records.rows).toBe(39);
    });

    it("page forth and back without a gap or a repeat", async () => {
      for (const order of ["newest", "oldest"] as const) {
        const all = await seqs({}, { limit: 100, order });
        const forth: number[][] = [];
        let page = await reader.searchCalls({}, { limit: 7, order });
        expect(page.previous).toBeNull();
        forth.push(page.rows.map((row) => row.seq));
        while (page.next !== null) {
          page = await reader.searchCalls({}, { limit: 7, order, cursor: page.next });
          forth.push(page.rows.map((row) => row.seq));
        }
        expect(forth.flat()).toEqual(all);
        const back = [page.rows.map((row) => row.seq)];
        while (page.previous !== null) {
          page = await reader.searchCalls({}, { limit: 7, order, cursor: page.previous });
          back.unshift(page.rows.map((row) => row.seq));
        }
        expect(back).toEqual(forth);
      }
    });
  });

  describe("one call", () => {
    it("comes with its intent, its exact envelope and, for those who may, its payload", async () => {
      const found = await reader.call(id(500));
      expect([found?.intent?.envelope.producer.seq, found?.call?.envelope.producer.seq]).toEqual([32, 33]);
      expect(found?.call?.payload).toEqual({
        salt: "0".repeat(32),
        result: "content 33",
        error: "no such table",
      });
      expect(await reader.call(id(33))).toEqual(found);
      expect((await payloadless.call(id(33)))?.call).toMatchObject({ payload: null, has_payload: true });
      expect(await store.reader({ tenant: "globex", payloads: true }).call(id(500))).toBeNull();
      expect(found?.call?.envelope_text).toBe(JSON.stringify(found?.call?.envelope));
    });

    it("shows in its session, intents without a call beside it, oldest first", async () => {
      expect((await reader.session("s-2")).rows.map((row) => [row.seq, row.type])).toEqual([
        [33, "call"],
        [34, "call.intent"],
      ]);
      expect((await reader.openIntents({ since: at(0), until: at(100) })).map((row) => row.seq)).toEqual([
        34,
      ]);
    });
  });

  describe("alerts", () => {
    it("come once, in their latest state, whatever a replay brought again", async () => {
      const { rows } = await reader.alerts();
      expect(rows.map((row) => [row.rule_id, row.state])).toEqual([
        ["other", "open"],
        ["burst", "acknowledged"],
      ]);
      expect((await reader.alerts({ state: "open" })).rows.map((row) => row.rule_id)).toEqual(["other"]);
      expect((await reader.alerts({ severity: "high", credential: "local:demo" })).rows.length).toBe(1);
      const detail = await reader.alert(testAlert(COMPLETING).id);
      expect(detail?.alert).toEqual(testAlert(COMPLETING));
      expect(detail?.states).toEqual([{ state: "acknowledged", by: "tok-1", note: null, at: at(60) }]);
      expect(
        await store.reader({ tenant: "globex", payloads: true }).alert(testAlert(COMPLETING).id),
      ).toBeNull();
    });

    it("page", async () => {
      const first = await reader.alerts({}, { limit: 1 });
      const second = await reader.alerts({}, { limit: 1, cursor: first.next ?? "" });
      expect(second.rows.map((row) => row.rule_id)).toEqual(["burst"]);
      expect(second.next).toBeNull();
    });
  });

  describe("revocations", () => {
    it("come in their latest state; a copy of the active entry does not bring it back", async () => {
      const { rows } = await reader.revocations();
      expect(rows.map((row) => [row.id, row.state])).toEqual([
        ["rev-2", "active"],
        ["rev-1", "reinstated"],
      ]);
      expect((await reader.revocations({ state: "active" })).rows.map((row) => row.id)).toEqual(["rev-2"]);
    });

    it("say how fast they were", async () => {
      const found = await reader.revocation("rev-1");
      expect(found?.timing).toEqual({
        completing_record_id: id(COMPLETING),
        completing_record_time: at(COMPLETING),
        completing_record_appended: at(COMPLETING),
        detected_at: at(5),
        decided_at: at(7),
        appended: at(8),
        applied: [{ producer: "gw-1", boot: id(1_000_000), state: "active", at: at(COMPLETING + 12) }],
        first_denied_record_id: id(DENIED),
        first_denied_time: at(DENIED),
        applied_after_ms: 12,
        refused_after_ms: DENIED - COMPLETING,
      });
    });
  });

  describe("counts", () => {
    it("of the front page", async () => {
      const activity = await reader.activity({ since: at(-1000), until: at(3_600_000 - 1000) });
      expect(activity.minutes).toEqual([{ minute: at(0), calls: 34, failed: 1, denied: 1 }]);
      expect(activity.tools[0]).toEqual({
        server: "files",
        tool: "read_file",
        calls: 33,
        failed: 1,
        denied: 1,
      });
      expect(activity.outcomes.find((entry) => entry.outcome === "ok")?.calls).toBe(32);
      expect(await code(reader.activity({ since: at(0), until: at(2 * 86_400_000) }))).toBe(
        "TRIPLINE_STORE_FILTER_INVALID",
      );
    });

    it("of producers, offsets and tables", async () => {
      expect(await reader.producers(at(-1000))).toEqual([
        {
          producer: "gw-1",
          boot: id(1_000_000),
          last_seq: 41,
          last_time: at(41),
          last_append_time: at(37),
          stopped: true,
        },
      ]);
      expect(await store.writer.maxOffsets(GENERATION)).toEqual(new Map([[0, 100]]));
      const boot = { tenant: "acme", producer: "gw-1", boot: id(1_000_000) };
      const other = { tenant: "other", producer: "gw-1", boot: id(1_000_001) };
      const here = { generation: GENERATION, partition: 0 };
      expect(await store.writer.highestSeqs(here, [boot, other])).toEqual([{ ...boot, seq: 41 }]);
      // of the same generation only the same partition counts, of others every one
      expect(await store.writer.highestSeqs({ ...here, partition: 1 }, [boot])).toEqual([]);
      expect(await store.writer.highestSeqs({ generation: "it's another", partition: 1 }, [boot])).toEqual([
        { ...boot, seq: 41 },
      ]);
      const candidates = [3, 30, 77].map((n) => ({ tenant: "acme", time: at(n), id: id(n) }));
      expect(
        await store.writer.knownRecords({ generation: GENERATION, partition: 0, before: 20 }, candidates),
      ).toEqual(new Set([id(3)]));
      const later = { generation: "memory-2", partition: 5, before: 0 };
      expect(await store.writer.knownRecords(later, candidates)).toEqual(new Set([id(3), id(30)]));
      await store.ping();
      expect(store.health()).toEqual({ state: "ready" });
    });
  });
});
