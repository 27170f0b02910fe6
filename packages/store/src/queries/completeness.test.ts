import { hash } from "node:crypto";
import { type Envelope, HeartbeatChain } from "@tripline/events";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Database } from "../connection/database.ts";
import { openEmbedded } from "../connection/embedded/embedded-database.ts";
import { DEFAULT_MEMORY } from "../connection/embedded/engine-config.ts";
import { createStore } from "../open-store.ts";
import { migrate } from "../schema/migrate.ts";
import type { Store } from "../store.ts";
import {
  at,
  GENERATION,
  id,
  insertAlerts,
  insertRecords,
  T0,
  tamper,
  temporaryDirectory,
  testAlert,
  testRecord,
} from "../testing/index.ts";
import type { Gap, GapsQuestion } from "./completeness-types.ts";

let directory: ReturnType<typeof temporaryDirectory>;
let database: Database;
let store: Store;

beforeEach(async () => {
  directory = temporaryDirectory();
  database = await openEmbedded(directory.path, DEFAULT_MEMORY);
  await migrate(database);
  store = createStore(database);
});
afterEach(async () => {
  await store.close();
  directory.remove();
});

interface Made {
  envelope: Envelope;
}

/** What a producer writes: `interval` calls, a heartbeat, and again; numbers in `dropped` are declared and not made. */
function history(options: {
  boot?: string;
  producer?: string;
  intervals: number;
  calls?: number;
  dropped?: readonly number[];
  goodbye?: boolean;
}): Made[] {
  const { boot = id(1_000_000), producer = "gw-1", intervals, calls = 3, dropped = [] } = options;
  const chain = new HeartbeatChain(T0);
  const made: Made[] = [];
  let seq = 0;
  const digest = ({ received: _, ...sent }: Envelope) => hash("sha256", JSON.stringify(sent), "hex");
  const numbered = (over: Partial<Omit<Envelope, "payload_hash">>) => {
    const { envelope } = testRecord(seq, over);
    const { payload_hash: _, ...rest } = envelope;
    return {
      ...rest,
      id: id(seq + Number.parseInt(boot.slice(-6), 16) * 1_000),
      producer: { id: producer, boot, seq },
    };
  };
  for (let interval = 0; interval < intervals; interval += 1) {
    for (let call = 0; call < calls; call += 1) {
      if (dropped.includes(seq)) chain.countDropped("spool_full", 1);
      else {
        const envelope = numbered({});
        chain.add(digest(envelope));
        made.push({ envelope });
      }
      seq += 1;
    }
    const goodbye = options.goodbye === true && interval === intervals - 1;
    const heartbeat = chain.next(T0 + seq, seq, goodbye);
    const { actor: _a, session: _s, target: _t, call: _c, ...rest } = numbered({});
    const envelope: Envelope = { ...rest, type: "heartbeat", heartbeat };
    chain.accepted(heartbeat, digest(envelope));
    made.push({ envelope });
    seq += 1;
  }
  return made;
}

const day = { since: at(-3_600_000), until: at(3_600_000) };

async function gaps(question: Partial<GapsQuestion> = {}): Promise<Gap[]> {
  const reader = store.reader({ tenant: "acme", payloads: false });
  const found: Gap[] = [];
  let cursor: string | undefined;
  do {
    const page = await reader.gaps({ ...day, hashes: true, nowMs: T0 + 60_000, ...question, cursor });
    found.push(...page.gaps);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return found;
}

/** What the database's administrator can do. */
async function tampered(statement: string): Promise<void> {
  await store.close();
  tamper(directory.path, statement);
  database = await openEmbedded(directory.path, DEFAULT_MEMORY);
  store = createStore(database);
}

const seqOf = ({ envelope }: Made) => envelope.producer.seq;

describe("gaps", () => {
  it("finds nothing wrong with what is whole", async () => {
    await insertRecords(store.writer, history({ intervals: 4, goodbye: true }));
    await insertRecords(
      store.writer,
      history({ producer: "gw-2", boot: id(9), intervals: 2, dropped: [], goodbye: true }),
      100,
    );
    expect(await gaps()).toEqual([]);
  });

  it("names every number that is not stored, between which appends, and the producer's own drops apart", async () => {
    const made = history({ intervals: 3, calls: 4, dropped: [6, 7], goodbye: true });
    await insertRecords(
      store.writer,
      made.filter((record) => ![1, 2].includes(seqOf(record))),
    );
    const found = await gaps();
    expect(found).toMatchObject([
      {
        kind: "missing",
        tenant: "acme",
        producer: "gw-1",
        boot: id(1_000_000),
        ranges: [{ first_seq: 1, last_seq: 2 }],
        numbers: 2,
        after: at(0),
        before: at(1),
        declared: {},
      },
      { kind: "dropped", ranges: [{ first_seq: 6, last_seq: 7 }], numbers: 2, declared: { spool_full: 2 } },
    ]);
    expect(await gaps({ hashes: false })).toEqual(found);
    expect(await gaps({ producer: "gw-2" })).toEqual([]);
  });

  it("names an interval of which a row was changed, and one into which a row was put behind the store's back", async () => {
    const made = history({ intervals: 3, calls: 4, dropped: [7], goodbye: true });
    const forged = made.find((record) => seqOf(record) === 6);
    if (forged === undefined) throw new Error("no such record");
    await insertRecords(store.writer, made);
    await tampered("ALTER TABLE records UPDATE tool = 'other' WHERE seq = 1 SETTINGS mutations_sync = 2");
    const { producer } = forged.envelope;
    await insertRecords(
      store.writer,
      [{ envelope: { ...forged.envelope, id: id(77), producer: { ...producer, seq: 7 } } }],
      500,
    );
    const kinds = (await gaps()).map(({ kind, ranges }) => [kind, ranges[0]]);
    expect(kinds).toEqual([
      ["altered", { first_seq: 0, last_seq: 3 }],
      ["altered", { first_seq: 4, last_seq: 8 }],
      ["dropped", undefined],
    ]);
    expect((await gaps({ hashes: false })).map(({ kind }) => kind)).not.toContain("altered");
  });

  it("names rows that were deleted, a heartbeat among them", async () => {
    await insertRecords(store.writer, history({ intervals: 3, goodbye: true }));
    await tampered("ALTER TABLE records DELETE WHERE seq IN (1, 7) SETTINGS mutations_sync = 2");
    expect(await gaps()).toMatchObject([
      { kind: "heartbeat_missing", ranges: [{ first_seq: 3, last_seq: 7 }] },
      { kind: "missing", ranges: [{ first_seq: 1, last_seq: 1 }] },
      { kind: "missing", ranges: [{ first_seq: 7, last_seq: 7 }] },
    ]);
  });

  it("tells a number used twice from a boot used twice", async () => {
    const made = history({ intervals: 2, goodbye: true });
    const [, second] = made;
    if (second === undefined) throw new Error("no such record");
    await insertRecords(store.writer, made);
    await insertRecords(store.writer, [{ envelope: { ...second.envelope, id: id(78) } }], 100);
    expect(await gaps()).toMatchObject([
      { kind: "sequence_reused", ranges: [{ first_seq: 1, last_seq: 1 }] },
    ]);

    const again = history({ boot: id(5), producer: "gw-5", intervals: 3, goodbye: true });
    await insertRecords(store.writer, again, 200);
    const other = again
      .slice(0, 6)
      .map(({ envelope }, index) => ({ envelope: { ...envelope, id: id(9_000 + index) } }));
    await insertRecords(store.writer, other, 300);
    const kinds = (await gaps({ producer: "gw-5" })).map(({ kind }) => kind);
    expect(new Set(kinds)).toEqual(new Set(["boot_reused"]));
  });

  it("says who fell silent, since when, and who started again; and what is missing behind the last heartbeat", async () => {
    const made = history({ intervals: 2, calls: 5 });
    await insertRecords(
      store.writer,
      made.filter((record) => seqOf(record) !== 8 && seqOf(record) !== 11),
    );
    const question = { nowMs: T0 + 10 * 60_000 };
    expect(await gaps(question)).toMatchObject([
      {
        kind: "missing",
        ranges: [{ first_seq: 8, last_seq: 8 }],
        detail: expect.stringContaining("last heartbeat"),
      },
      { kind: "silent", after: at(9), before: null },
    ]);
    expect((await gaps({ nowMs: T0 + 5_000 })).map(({ kind }) => kind)).toEqual([]);
    const next = history({ boot: id(6), intervals: 1, goodbye: true });
    await insertRecords(store.writer, next, 100);
    expect((await gaps(question)).map(({ kind }) => kind)).toEqual(["missing", "no_goodbye"]);
  });

  it("goes through many boots and intervals page by page, each once", async () => {
    const all: Made[] = [];
    for (let n = 0; n < 45; n += 1) {
      const made = history({
        boot: id(20 + n),
        producer: `gw-${n % 7}`,
        intervals: 2,
        calls: 1,
        goodbye: true,
      });
      all.push(...(n % 5 === 0 ? made.slice(1) : made));
    }
    await insertRecords(store.writer, all);
    const found = await gaps();
    expect(found.map(({ boot }) => boot).sort()).toEqual(
      [0, 5, 10, 15, 20, 25, 30, 35, 40].map((n) => id(20 + n)).sort(),
    );
    expect(found.every(({ kind }) => kind === "missing")).toBe(true);
  });

  it("is refused for a senseless range or cursor, and sees one tenant", async () => {
    await insertRecords(store.writer, history({ intervals: 1 }).slice(1));
    const other = store.reader({ tenant: "other", payloads: false });
    const question = { ...day, hashes: true, nowMs: T0 };
    expect(await other.gaps(question)).toMatchObject({ gaps: [], boots: 0 });
    await expect(other.gaps({ ...question, until: day.since })).rejects.toMatchObject({
      code: "TRIPLINE_STORE_FILTER_INVALID",
    });
    await expect(other.gaps({ ...question, cursor: "x" })).rejects.toMatchObject({
      code: "TRIPLINE_STORE_CURSOR_INVALID",
    });
  });
});

describe("the archiver's own questions", () => {
  it("keep how far it has come, and never go back", async () => {
    const { completeness } = store;
    await completeness.saveExamined("hashes", GENERATION, [{ partition: 0, offset: 10, append_time: at(1) }]);
    await completeness.saveExamined("hashes", GENERATION, [{ partition: 0, offset: 20, append_time: at(2) }]);
    await completeness.saveExamined("hashes", GENERATION, [{ partition: 0, offset: 10, append_time: at(1) }]);
    expect(await completeness.examined("hashes", GENERATION)).toEqual([
      { partition: 0, offset: 20, append_time: at(2) },
    ]);
    expect(await completeness.examined("sequences", GENERATION)).toEqual([]);
  });

  it("see a stretch of the log: who wrote, the heartbeats, the intents without a call", async () => {
    const made = history({ intervals: 2, calls: 1 });
    const intent = (n: number) => ({
      envelope: testRecord(n, { type: "call.intent", producer: { id: "gw-1", boot: id(3), seq: n } })
        .envelope,
    });
    const end = {
      envelope: { ...testRecord(51).envelope, call: { id: id(2_000_050), method: "tools/call" } },
    };
    await insertRecords(store.writer, [...made, intent(50), intent(60), end]);
    const span = { generation: GENERATION, partition: 0, from: 0, to: 6, since: at(0) };
    const { completeness } = store;
    expect(await completeness.activityInLog(span)).toMatchObject([
      { producer: "gw-1", boot: id(3), records: 2, first_seq: 50, last_seq: 60 },
      { producer: "gw-1", boot: id(1_000_000), records: 4, first_seq: 0, last_seq: 3, stopped: false },
    ]);
    expect((await completeness.heartbeatsInLog(span, 10)).map(({ seq }) => seq)).toEqual([1, 3]);
    expect(await completeness.heartbeatsInLog({ ...span, from: 2 }, 10)).toHaveLength(1);
    const waiting = await completeness.waitingIntents(span, 10);
    expect(waiting.map(({ envelope, offset }) => [envelope.call?.id, offset])).toEqual([[id(2_000_060), 5]]);
    const calls = [50, 60].map((n) => ({ tenant: "acme", callId: id(2_000_000 + n) }));
    expect(await completeness.endedCalls(calls)).toEqual(new Set([`acme\n${id(2_000_050)}`]));
  });

  it("know which alerts were raised, and which of them are open", async () => {
    const { completeness } = store;
    const missing = { rule: { id: "records-missing", title: "Records are missing" } };
    await insertAlerts(store.writer, [
      testAlert(1, missing),
      testAlert(2, missing),
      testAlert(3),
      testAlert(1, { ...missing, state: "acknowledged" }),
      testAlert(2, { ...missing, state: "resolved" }),
    ]);
    const [first, second] = [testAlert(1).id, testAlert(2).id];
    expect(await completeness.knownAlerts([first, second, testAlert(9).id])).toEqual(
      new Set([first, second]),
    );
    const open = await completeness.openAlerts(["records-missing", "producer-silent"], at(-1_000), 10);
    expect(open.map(({ alert, append_time }) => [alert.id, append_time])).toEqual([[first, at(0)]]);
  });
});
