import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import {
  coversErasure,
  type Envelope,
  encodeRecord,
  eventKey,
  TOPICS,
  type TriplineRecord,
} from "@tripline/events";
import { openStore } from "@tripline/store";
import { id, testRecord } from "@tripline/store/testing";
import { openEmbeddedLog, triplineTopics } from "@tripline/stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const CHILD = new URL("./support/archive-and-erase.process.ts", import.meta.url).pathname;
const ADA = `sub_${"a".repeat(32)}`;
const EVE = `sub_${"e".repeat(32)}`;
/** Everything is appended within the hour that names count to an erasure. */
const NOW = Date.now();
const fromNow = (ms: number): string => new Date(NOW + ms).toISOString();
const BEFORE = fromNow(0);

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "tripline-erased-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const logDir = () => join(directory, "log");

/** Every third record is of Ada; one of her records comes after the erasure's moment. */
const ofPerson = (n: number, over: Partial<Envelope> = {}): TriplineRecord => {
  const principal = n % 3 === 0 ? ADA : EVE;
  return testRecord(n, {
    actor: { principal, credential: "local:demo" },
    payload: { names: { [principal]: principal === ADA ? "Ada" : "Eve" } },
    ...over,
  });
};
const erasure: Envelope = {
  v: 1,
  id: id(700_000),
  type: "erasure",
  time: fromNow(1),
  tenant: "acme",
  producer: { id: "console", boot: id(3_000_000), seq: 0 },
  erasure: {
    covers: { kind: "principal", principal: ADA, before: BEFORE },
    except: [],
    reason: "asked for",
    by: "ana",
  },
};
const EARLY = Array.from({ length: 60 }, (_, n) => ofPerson(n));
/** What came late from a spool, and what was done after the erasure. */
const LATE = [60, 61, 63].map((n) => ofPerson(n));
const AFTER = ofPerson(66, { time: fromNow(10_000), received: fromNow(10_001) });
const ALL = [...EARLY, ...LATE, AFTER];
const isCovered = ({ envelope }: TriplineRecord) => coversErasure(erasure, envelope);

async function write(records: readonly TriplineRecord[]): Promise<void> {
  const log = openEmbeddedLog({ directory: logDir() });
  await log.ensureTopics(triplineTopics(1));
  await log.produce(
    TOPICS.events,
    records.map((record) => ({ key: eventKey(record.envelope), value: Buffer.from(encodeRecord(record)) })),
  );
  await log.close();
}

async function run(
  storeDir: string,
  boundary: number,
  mode = "",
): Promise<{ output: string; killed: boolean }> {
  const child = spawn(process.execPath, [CHILD, logDir(), storeDir, String(boundary), mode], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exit = once(child, "exit");
  const output = await text(child.stdout);
  const [, signal] = await exit;
  return { output, killed: signal === "SIGKILL" };
}

interface Stored {
  envelopes: number;
  /** Payloads that the erasure covers, and the others, by the records' numbers. */
  covered: number[];
  others: number[];
  names: string[];
  rows: number;
}

async function stored(storeDir: string): Promise<Stored> {
  const store = await openStore({ dataDir: storeDir });
  try {
    const reader = store.reader({ tenant: "acme", payloads: true });
    const found: Stored = { envelopes: 0, covered: [], others: [], names: [], rows: 0 };
    for (const record of ALL) {
      const row = await reader.record(record.envelope.id);
      if (row === null) continue;
      found.envelopes++;
      if (row.payload_text === null) continue;
      (isCovered(record) ? found.covered : found.others).push(record.envelope.producer.seq);
    }
    found.names = [...(await reader.names([ADA, EVE])).values()].flat().sort();
    found.rows = (await store.tableSizes()).payloads.rows;
    return found;
  } finally {
    await store.close();
  }
}

const OTHERS = ALL.filter((record) => !isCovered(record)).map(({ envelope }) => envelope.producer.seq);
/** Of Ada there is one record that nothing covers, and the hour after an erasure counts to it: no name. */
const SETTLED: Stored = {
  envelopes: ALL.length,
  covered: [],
  others: OTHERS,
  names: ["Eve"],
  rows: OTHERS.length,
};

describe("what was erased stays erased", () => {
  it("when archiver and eraser are killed between any two steps", { timeout: 900_000 }, async () => {
    const storeDir = join(directory, "store");
    await write(EARLY);
    expect(await run(storeDir, 0)).toEqual({ output: "settled\n", killed: false });
    expect((await stored(storeDir)).covered).toHaveLength(20);
    await write([{ envelope: erasure }, ...LATE, AFTER]);
    let kills = 0;
    // Each run goes on where the one before was killed, so that each boundary of the way is met.
    for (let boundary = 1; ; boundary++) {
      const { output, killed } = await run(storeDir, boundary);
      if (!killed) {
        expect(output).toBe("settled\n");
        break;
      }
      kills++;
    }
    expect(kills).toBeGreaterThan(5);
    expect(await stored(storeDir)).toEqual(SETTLED);

    // An archiver that starts from the log's beginning, killed here and there: none of it comes back, at no time.
    for (const boundary of [2, 5, 9, 0]) {
      const { killed } = await run(storeDir, boundary, "replay");
      expect(killed).toBe(boundary > 0);
      expect(await stored(storeDir)).toEqual(SETTLED);
    }
  });

  it("in a second store that is filled from the log's beginning", { timeout: 900_000 }, async () => {
    await write([...EARLY, { envelope: erasure }, ...LATE, AFTER]);
    const first = join(directory, "store");
    expect((await run(first, 0)).output).toBe("settled\n");
    expect(await stored(first)).toEqual(SETTLED);
    const second = join(directory, "second");
    for (const boundary of [3, 4, 6, 8]) {
      expect((await run(second, boundary, "replay")).killed).toBe(true);
      expect((await stored(second)).covered).toEqual([]);
    }
    expect((await run(second, 0, "replay")).output).toBe("settled\n");
    expect(await stored(second)).toEqual(SETTLED);
  });
});
