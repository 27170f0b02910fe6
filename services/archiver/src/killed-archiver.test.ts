import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { encodeRecord, TOPICS } from "@tripline/events";
import { openStore, type StoreOptions } from "@tripline/store";
import { frontProcess, testRecord } from "@tripline/store/testing";
import { openEmbeddedLog, triplineTopics } from "@tripline/stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const CHILD = new URL("./archive-until-killed.testing.ts", import.meta.url).pathname;
const FRONT_PORT = 22_530;
const RECORDS = 200; // five ranges of 40
/** Announce, payloads, records, dead letters, commit, each with a boundary before and behind; one range and a bit. */
const BOUNDARIES = 13;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "tripline-killed-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const logDir = () => join(directory, "log");
const storeDir = () => join(directory, "store");

async function archive(boundary: number, storeAt: string): Promise<{ output: string; killed: boolean }> {
  const child = spawn(process.execPath, [CHILD, logDir(), storeAt, String(boundary)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exit = once(child, "exit");
  const output = await text(child.stdout);
  const [, signal] = await exit;
  return { output, killed: signal === "SIGKILL" };
}

/** Records 0 to 199, each tenth sent twice, each twentieth followed by poison. */
async function fill(): Promise<number> {
  const log = openEmbeddedLog({ directory: logDir() });
  await log.ensureTopics(triplineTopics(1));
  const values: string[] = [];
  for (let n = 0; n < RECORDS; n++) {
    values.push(encodeRecord(testRecord(n)));
    if (n % 10 === 9) values.push(encodeRecord(testRecord(n - 4)));
    if (n % 20 === 19) values.push("poison");
  }
  await log.produce(
    TOPICS.events,
    values.map((value) => ({ key: "acme/x", value: Buffer.from(value) })),
  );
  await log.close();
  return values.filter((value) => value === "poison").length;
}

async function stored(options: StoreOptions): Promise<{ seqs: number[]; payloads: number }> {
  const store = await openStore(options);
  const reader = store.reader({ tenant: "acme", payloads: true });
  const { rows } = await reader.searchCalls({}, { limit: 500, order: "oldest" });
  const { payloads } = await store.tableSizes();
  await store.close();
  return { seqs: rows.map((row) => row.seq), payloads: payloads.rows };
}

async function killedAt(
  boundaries: readonly number[],
  storeAt: string,
  options: StoreOptions,
): Promise<void> {
  const poison = await fill();
  // each run goes on where the one before was killed
  for (const boundary of boundaries) expect((await archive(boundary, storeAt)).killed).toBe(true);
  expect(await archive(0, storeAt)).toEqual({ output: "drained\n", killed: false });
  const { seqs, payloads } = await stored(options);
  expect(seqs).toEqual(Array.from({ length: RECORDS }, (_, n) => n));
  expect(payloads).toBe(RECORDS);
  const log = openEmbeddedLog({ directory: logDir() });
  const [letters] = await log.offsets(TOPICS.deadLetters);
  await log.close();
  // a dead letter may be written again after a crash, but none is missing
  expect(letters?.next).toBeGreaterThanOrEqual(poison);
}

describe("an archiver that is killed leaves no row doubled and none lost", () => {
  it("between any two steps", { timeout: 180_000 }, async () => {
    const every = Array.from({ length: BOUNDARIES }, (_, n) => n + 1);
    await killedAt(every, storeDir(), { dataDir: storeDir() });
  });

  it("behind any step, with the store elsewhere", { timeout: 180_000 }, async () => {
    const front = frontProcess(storeDir(), FRONT_PORT);
    await front.start();
    try {
      // what goes on behind the kill goes on: the store lives
      const behind = Array.from({ length: BOUNDARIES / 2 }, (_, n) => 2 * (n + 1));
      await killedAt(behind, front.url, { url: front.url });
    } finally {
      await front.kill();
    }
  });
});
