import { encodeRecord, TOPIC_CLEANUP, TOPICS, TriplineError } from "@tripline/events";
import {
  createSigner,
  generateSigningKey,
  LedgerError,
  type LedgerStorage,
  lostEntry,
  MemoryStorage,
  openLog,
  readEntry,
  type TiledLog,
  TileReader,
  unreadableEntry,
} from "@tripline/ledger";
import { createLogger } from "@tripline/service";
import { testRecord } from "@tripline/store/testing";
import { createMemoryLog, type Log, type LogRecord } from "@tripline/stream";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { waitFor } from "../../../../test/support/wait-for.ts";
import { entryOfValue } from "./entries-of-range.ts";
import { PartitionLedger } from "./partition-ledger.ts";

const GROUP = "archiver-events";
const ORIGIN = "tripline/test/events/memory-1/0";
const key = generateSigningKey(ORIGIN);
let log: Log;
let storage: MemoryStorage;
let damage: LedgerError[];
let behind: { trouble: string; forMs: number }[];
let open: PartitionLedger[];

beforeEach(async () => {
  log = createMemoryLog();
  storage = new MemoryStorage();
  damage = [];
  behind = [];
  open = [];
  await log.ensureTopics([{ name: TOPICS.events, partitions: 1, cleanup: TOPIC_CLEANUP[TOPICS.events] }]);
});
afterEach(async () => {
  await Promise.all(open.map((each) => each.close()));
  await log.close();
});

async function produce(values: readonly string[]): Promise<void> {
  await log.produce(
    TOPICS.events,
    values.map((value) => ({ key: "acme/x", value: Buffer.from(value) })),
  );
}

async function recordsOf(from = 0): Promise<LogRecord[]> {
  const [end] = await log.offsets(TOPICS.events);
  const all: LogRecord[] = [];
  if (end !== undefined && from < end.next)
    await log.scan({ topic: TOPICS.events, partition: 0, from, to: end.next }, async (records) => {
      all.push(...records);
    });
  return all;
}

/** What the log of this partition has, read and verified as anybody else would. */
async function leaves(): Promise<Uint8Array[]> {
  const sealed = await openLog({ storage, origin: ORIGIN, signers: [createSigner(key)] });
  const { size } = sealed.published;
  const reader = new TileReader(storage, sealed.published);
  const all: Uint8Array[] = [];
  for (let at = 0; at < size; at += 1) all.push(await reader.entry(at));
  await sealed.close();
  return all;
}

function ledger(use: LedgerStorage = storage): PartitionLedger {
  const made = new PartitionLedger({
    ...{ log, topic: TOPICS.events, partition: 0, group: GROUP, everyMs: 5 },
    open: (): Promise<TiledLog> => openLog({ storage: use, origin: ORIGIN, signers: [createSigner(key)] }),
    logger: createLogger({ service: "test", level: "silent" }),
    async onDamage(error) {
      damage.push(error);
    },
    async onBehind(trouble, forMs) {
      behind.push({ trouble, forMs });
      if (behind.length < 3) throw new Error("the alert could not be written");
    },
    behindAfterMs: 40,
  });
  open.push(made);
  return made;
}

const entries = (records: readonly LogRecord[]): Map<number, Uint8Array> =>
  new Map(records.map((record) => [record.offset, entryOfValue(record)]));
const range = (records: readonly LogRecord[]) => ({
  first: records[0]?.offset ?? 0,
  last: records.at(-1)?.offset ?? -1,
});
const texts = (count: number): string[] =>
  Array.from({ length: count }, (_, n) => (n % 7 === 6 ? "poison" : encodeRecord(testRecord(n))));

describe("the ledger of a partition", () => {
  it("has a leaf for each position, whatever is there", async () => {
    const [record = ""] = texts(1);
    await produce([record, record, "poison"]);
    const records = await recordsOf();
    const sealing = ledger();
    await sealing.take(range(records), entries(records));
    await sealing.close();
    const found = await leaves();
    expect(found.map((entry) => readEntry(entry).kind)).toEqual(["record", "record", "unreadable"]);
    expect(found[0]).toEqual(found[1]);
    expect(found[2]).toEqual(unreadableEntry(Buffer.from("poison")));
  });

  it("is the same tree whoever takes which ranges, and whatever is read from the topic again", async () => {
    await produce(texts(60));
    const records = await recordsOf();
    const wanted = records.map(entryOfValue);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 20 }), fc.boolean(), fc.boolean()), { minLength: 1 }),
        async (steps) => {
          storage = new MemoryStorage();
          let sealing = ledger();
          let next = 0;
          for (const [count, taken, restarted] of steps) {
            const some = records.slice(next, next + count);
            next += some.length;
            if (some.length === 0) break;
            // Stored, and the process ended before it was sealed.
            if (taken) await sealing.take(range(some), entries(some));
            if (!restarted) continue;
            await sealing.close();
            sealing = ledger();
          }
          const rest = records.slice(next);
          await sealing.take({ first: next, last: records.length - 1 }, entries(rest));
          await waitFor(async () => (await leaves()).length === records.length, { what: "all leaves" });
          await sealing.close();
          expect(await leaves()).toEqual(wanted);
        },
      ),
      { numRuns: 25 },
    );
  });

  it("goes on from what is committed when it starts, also where nothing comes any more", async () => {
    await produce(texts(10));
    await committedAt(10);
    ledger();
    await waitFor(async () => (await leaves()).length === 10, { what: "what was stored to be sealed" });
    expect(await leaves()).toEqual((await recordsOf()).map(entryOfValue));
  });

  it("marks positions that the topic does not have", async () => {
    await produce(texts(3));
    const records = (await recordsOf()).slice(2);
    const removed = (): never => {
      throw new TriplineError("TRIPLINE_STREAM_OUT_OF_RANGE", "retention has removed it");
    };
    const sealing = new PartitionLedger({
      log: {
        committed: (topic, group) => log.committed(topic, group),
        offsets: async () => [{ partition: 0, earliest: 2, next: 3 }],
        scan: async (range, onBatch) => (range.from < 2 ? removed() : log.scan(range, onBatch)),
      },
      ...{ topic: TOPICS.events, partition: 0, group: GROUP, everyMs: 5 },
      open: () => openLog({ storage, origin: ORIGIN, signers: [createSigner(key)] }),
      logger: createLogger({ service: "test", level: "silent" }),
      onDamage: async () => undefined,
      onBehind: async () => undefined,
    });
    open.push(sealing);
    await sealing.take(range(records), entries(records));
    await waitFor(async () => (await leaves()).length === 3, { what: "three leaves" });
    const [lost, lostToo, kept] = await leaves();
    expect([lost, lostToo]).toEqual([lostEntry(), lostEntry()]);
    expect(kept).toEqual(records.map(entryOfValue)[0]);
  });

  it("holds nobody up while it can't be written, and catches up then", async () => {
    let reachable = false;
    const unreachable = (): Promise<never> =>
      Promise.reject(new LedgerError("TRIPLINE_LEDGER_UNAVAILABLE", "the disk is away"));
    const gone = new Proxy(storage, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        return reachable ? value.bind(target) : unreachable;
      },
    });
    await produce(texts(20));
    const records = await recordsOf();
    const sealing = ledger(gone);
    await sealing.take(range(records), entries(records));
    await waitFor(() => sealing.trouble?.includes("the disk is away"), { what: "the trouble to be told" });
    expect(damage).toEqual([]);
    // Told until it is heard, and then not again for an hour.
    await waitFor(() => behind.length === 3, { what: "the alert" });
    expect(behind[2]?.trouble).toContain("the disk is away");
    expect(behind[2]?.forMs).toBeGreaterThanOrEqual(40);
    reachable = true;
    await waitFor(async () => (await leaves()).length === 20, { what: "the leaves" });
    await waitFor(() => sealing.trouble === null, { what: "no trouble" });
    expect(behind).toHaveLength(3);
  });

  it("says so when a record is not the one that was sealed, and changes nothing", async () => {
    await produce(texts(5));
    const records = await recordsOf();
    const before = ledger();
    await before.take(range(records), entries(records));
    await before.close();
    const sealed = await leaves();
    const changed = entries(records);
    changed.set(3, unreadableEntry(Buffer.from("another")));
    const sealing = ledger();
    await waitFor(
      async () => {
        await sealing.take(range(records), changed);
        return damage.length > 0;
      },
      { what: "the damage" },
    );
    expect(sealing.trouble).toContain("is another entry");
    expect(damage.map(({ code }) => code)).toContain("TRIPLINE_LEDGER_CONFLICT");
    await sealing.close();
    expect(await leaves()).toEqual(sealed);
  });
});

async function committedAt(offset: number): Promise<void> {
  const consumer = await log.consume({
    topic: TOPICS.events,
    group: GROUP,
    async onAssigned(assignment) {
      await assignment.commit(offset);
      return { onBatch: async () => undefined };
    },
  });
  await waitFor(async () => (await log.committed(TOPICS.events, GROUP)).get(0)?.offset === offset);
  await consumer.close();
}
