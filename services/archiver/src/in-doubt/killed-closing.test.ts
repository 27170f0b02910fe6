import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { encodeRecord, TOPICS } from "@tripline/events";
import { openStore } from "@tripline/store";
import { at, id, testRecord } from "@tripline/store/testing";
import { openEmbeddedLog, triplineTopics } from "@tripline/stream";
import { afterEach, beforeEach, expect, it } from "vitest";

const CHILD = new URL("./close-until-killed.testing.ts", import.meta.url).pathname;
/** Insert, look up, write, insert again, save, each with a boundary before and behind. */
const BOUNDARIES = 14;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "tripline-doubt-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function close(boundary: number): Promise<{ output: string; signal: unknown }> {
  const args = [CHILD, join(directory, "log"), join(directory, "store"), String(boundary)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const exit = once(child, "exit");
  const output = await text(child.stdout);
  const [, signal] = await exit;
  return { output, signal };
}

it("an archiver killed at any moment around a deadline leaves one record of the call in doubt", {
  timeout: 240_000,
}, async () => {
  const log = openEmbeddedLog({ directory: join(directory, "log") });
  await log.ensureTopics(triplineTopics(1));
  const intent = (n: number) =>
    testRecord(n, {
      type: "call.intent",
      call: { id: id(100 + n), method: "tools/call", started: at(0), deadline: at(200) },
    });
  const end = testRecord(5, { call: { id: id(102), method: "tools/call", outcome: "ok" } });
  const records = [intent(1), intent(2), intent(3), end];
  await log.produce(
    TOPICS.events,
    records.map((record) => ({ key: "acme/local:demo", value: Buffer.from(encodeRecord(record)) })),
  );
  await log.close();

  for (let boundary = 1; boundary <= BOUNDARIES; boundary += 1) {
    const { signal } = await close(boundary);
    if (signal === null) break; // everything was done before it came to this boundary
  }
  expect(await close(0)).toEqual({ output: "closed\n", signal: null });

  const store = await openStore({ dataDir: join(directory, "store") });
  const reader = store.reader({ tenant: "acme", payloads: false });
  const { rows } = await reader.searchCalls({}, { order: "oldest" });
  const { records: sizes } = await store.tableSizes();
  await store.close();
  expect(rows.map(({ call_id, outcome }) => [call_id, outcome])).toEqual([
    [id(102), "ok"],
    [id(101), "in_doubt"],
    [id(103), "in_doubt"],
  ]);
  expect(sizes.rows).toBe(records.length + 2);
});
