import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { encodeRecord, TOPICS } from "@tripline/events";
import { openStore } from "@tripline/store";
import { testRecord } from "@tripline/store/testing";
import { openEmbeddedLog, triplineTopics } from "@tripline/stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const CHILD = new URL("./archive-until-killed.testing.ts", import.meta.url).pathname;
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

async function archive(boundary: number): Promise<{ output: string; killed: boolean }> {
  const child = spawn(process.execPath, [CHILD, logDir(), storeDir(), String(boundary)], {
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

async function stored(): Promise<{ seqs: number[]; payloads: number }> {
  const store = await openStore({ dataDir: storeDir() });
  const reader = store.reader({ tenant: "acme", payloads: true });
  const { rows } = await reader.searchCalls({}, { limit: 500, order: "oldest" });
  const { payloads } = await store.tableSizes();
  await store.close();
  return { seqs: rows.map((row) => row.seq), payloads: payloads.rows };
}

describe("an archiver that is killed", () => {
  it("between any two steps leaves no row doubled and none lost", { timeout: 180_000 }, async () => {
    const poison = await fill();
    // each run goes on where the one before was killed
    for (let boundary = 1; boundary <= BOUNDARIES; boundary++) {
      expect((await archive(boundary)).killed).toBe(true);
    }
    expect(await archive(0)).toEqual({ output: "drained\n", killed: false });
    const { seqs, payloads } = await stored();
    expect(seqs).toEqual(Array.from({ length: RECORDS }, (_, n) => n));
    expect(payloads).toBe(RECORDS);
    const log = openEmbeddedLog({ directory: logDir() });
    const [letters] = await log.offsets(TOPICS.deadLetters);
    await log.close();
    // a dead letter may be written again after a crash, but none is missing
    expect(letters?.next).toBeGreaterThanOrEqual(poison);
  });
});
