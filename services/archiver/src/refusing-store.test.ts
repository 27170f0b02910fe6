import { encodeRecord, TOPIC_CLEANUP, TOPICS, TriplineError } from "@tripline/events";
import type { Part } from "@tripline/service";
import { createContext } from "@tripline/service";
import { openStore, type Store } from "@tripline/store";
import {
  EXCEPTIONS,
  type Front,
  type FrontFault,
  startClickHouseFront,
  temporaryDirectory,
  testRecord,
} from "@tripline/store/testing";
import { createMemoryLog, type MemoryLog } from "@tripline/stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../../../test/support/wait-for.ts";
import { createArchiver } from "./archiver.ts";
import { waitForStore } from "./wait-for-store.ts";

const RECORDS = 5; // for each fault
const REQUEST_TIMEOUT_MS = 800; // what does not answer is asked again after this

const directory = temporaryDirectory();
const lines: string[] = [];
const context = createContext({ service: "test", sink: { write: (line) => lines.push(line) } });
let front: Front;
let store: Store;
let log: MemoryLog;
let archiver: Part;
let made = 0;

beforeAll(async () => {
  front = await startClickHouseFront(directory.path, { password: "correct" });
  store = await openStore({ url: front.url, password: "correct", requestTimeoutMs: REQUEST_TIMEOUT_MS });
  log = createMemoryLog();
  await log.ensureTopics(
    Object.values(TOPICS).map((name) => ({ name, partitions: 1, cleanup: TOPIC_CLEANUP[name] })),
  );
  archiver = createArchiver({ log, store, context, revocationKeys: () => [], ledger: null });
  await archiver.start();
});
afterAll(async () => {
  front.faults.replace([]);
  await archiver.stop();
  await store.close();
  await front.close();
  await log.close();
  directory.remove();
});

async function produce(): Promise<void> {
  const texts = Array.from({ length: RECORDS }, () => encodeRecord(testRecord(made++)));
  await log.produce(
    TOPICS.events,
    texts.map((text) => ({ key: "acme/x", value: Buffer.from(text) })),
  );
}

async function drained(): Promise<void> {
  await waitFor(
    async () => {
      const [end] = await log.offsets(TOPICS.events);
      const committed = (await log.committed(TOPICS.events, "archiver-events")).get(0);
      return committed?.offset === end?.next && committed?.metadata === "";
    },
    { what: "all records to be stored", timeoutMs: 20_000 },
  );
}

/** Every record that was ever produced is there once, in both tables. */
async function storedOnce(): Promise<void> {
  const { rows } = await store
    .reader({ tenant: "acme", payloads: true })
    .searchCalls({}, { limit: 500, order: "oldest" });
  expect(rows.map((row) => row.seq)).toEqual(Array.from({ length: made }, (_, n) => n));
  expect((await store.tableSizes()).payloads.rows).toBe(made);
}

function waits(): { code: string; delay_ms: number; what: string }[] {
  return lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === "waiting to try again");
}

/** Under the fault the archiver waits, says why, and goes on by itself when it is gone. */
async function outlives(fault: FrontFault, says: RegExp): Promise<void> {
  lines.length = 0;
  front.faults.replace([fault]);
  await produce();
  await waitFor(() => waits().length >= 3, { what: "the archiver to wait", timeoutMs: 20_000 });
  expect(archiver.health()).toMatchObject({ state: "degraded", detail: expect.stringMatching(says) });
  const delays = waits()
    .filter(({ what }) => what === waits()[0]?.what)
    .map(({ delay_ms }) => delay_ms);
  expect(delays.slice(0, 3)).toEqual([50, 100, 200]);
  await isMended();
}

async function isMended(): Promise<void> {
  expect(JSON.stringify([lines, archiver.health(), store.health()])).not.toContain("canary-of-a-quoted-row");
  front.faults.replace([]);
  await drained();
  await waitFor(() => archiver.health().state === "ready", { what: "health to be good again" });
  expect(store.health()).toEqual({ state: "ready" });
  await storedOnce();
}

/** What was inserted without an answer is seen by the next attempt, and not inserted again. */
async function seesWhatItInserted(fault: FrontFault): Promise<void> {
  lines.length = 0;
  front.faults.replace([fault]);
  await produce();
  await drained();
  expect(waits().length).toBeGreaterThan(0);
  await isMended();
}

const SAYS: Readonly<Record<number, RegExp>> = {
  16: /run the migrations/,
  60: /table is missing/,
  81: /database is missing/,
  159: /took too long/,
  164: /read-only/,
  202: /too many queries/,
  241: /out of memory/,
  242: /read-only/,
  243: /disk is full/,
  252: /too many parts/,
  497: /lacks a grant/,
  516: /refuses the user or the password/,
};

describe("an archiver whose ClickHouse refuses loses nothing, doubles nothing, and goes on by itself", () => {
  it.each(Object.entries(EXCEPTIONS).map(([code, { type }]) => [type, Number(code)] as const))(
    "%s on inserting records",
    async (_type, code) => {
      await outlives({ statement: "^INSERT INTO records", kind: "exception", code }, SAYS[code] ?? /never/);
    },
  );

  it("and the store's own health says so", async () => {
    front.faults.replace([{ statement: "^INSERT INTO records", kind: "exception", code: 243 }]);
    await produce();
    await waitFor(() => store.health().state === "failed", { what: "the store to be seen as failed" });
    expect(store.health().detail).toMatch(/disk is full/);
    await isMended();
  });

  it("memory or time that runs out while it looks up what it knows", { timeout: 40_000 }, async () => {
    await archiver.stop();
    archiver = createArchiver({ log, store, context, revocationKeys: () => [], ledger: null });
    await archiver.start();
    await outlives({ statement: "max\\(seq\\)", kind: "exception", code: 241 }, /too broad/);
  });

  it("a connection cut in the middle of the rows", async () => {
    await outlives({ statement: "^INSERT INTO payloads", kind: "cut_request", after: 100 }, /did not take/);
  });

  it("a connection cut behind the insert, before the answer", async () => {
    await seesWhatItInserted({ statement: "^INSERT INTO (payloads|records)", kind: "cut_answer" });
  });

  it("an insert that was done and is never answered", { timeout: 40_000 }, async () => {
    await seesWhatItInserted({ statement: "^INSERT INTO records", kind: "no_answer" });
  });
});

describe("a store that can't be opened", () => {
  it("is waited for, and the log says why; what waiting can't mend is thrown", async () => {
    lines.length = 0;
    let password = "wrong";
    const opened = waitForStore(() => openStore({ url: front.url, password }), context.logger);
    const said = (what: RegExp) => lines.some((line) => what.test(line));
    await waitFor(() => said(/waiting for the store: .*refuses the user or the password/), {
      what: "the reason",
    });
    front.faults.replace([{ statement: "FROM system.tables", kind: "exception", code: 164 }]);
    password = "correct";
    await waitFor(() => said(/waiting for the store: .*read-only/), {
      what: "the next reason",
      timeoutMs: 10_000,
    });
    front.faults.replace([]);
    await (await opened).close();
    const newer = new TriplineError("TRIPLINE_STORE_SCHEMA_NEWER", "start the version that wrote it");
    await expect(waitForStore(() => Promise.reject(newer), context.logger)).rejects.toBe(newer);
  });
});
