import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TOPICS } from "@tripline/events";
import { afterAll, expect, test } from "vitest";
import { waitFor } from "../../../../test/support/wait-for.ts";
import type { Log } from "../log.ts";
import { acceptLostRange } from "../lost-range/accept.ts";
import { embeddedPaths, openLog } from "../open-log.ts";
import { triplineTopics } from "../tripline-topics.ts";
import { openEmbeddedLog } from "./embedded-log.ts";

const EIGHT_DAYS_MS = 8 * 24 * 3600 * 1000;
const GROUP = "archiver-events";
const dataDir = mkdtempSync(join(tmpdir(), "tripline-behind-"));
afterAll(() => rmSync(dataDir, { recursive: true }));

/** As far as it comes: what it read, and the consumer. */
async function read(log: Log, upTo: number) {
  const offsets: number[] = [];
  const consumer = await log.consume({
    topic: TOPICS.events,
    group: GROUP,
    onAssigned: async (assignment) => ({
      onBatch: async (records) => {
        const taken = records.filter(({ offset }) => offset < upTo);
        offsets.push(...taken.map(({ offset }) => offset));
        await assignment.commit((taken.at(-1)?.offset ?? -1) + 1);
        if (taken.length < records.length) throw new Error("the store is down");
      },
    }),
  });
  return { offsets, consumer };
}

test("a reader that retention overtook ends with the exact range, on-call hears of it once, and it goes on when that is accepted", async () => {
  let uptime = 1;
  const raw = openEmbeddedLog({ ...embeddedPaths(dataDir), expireEveryMs: 0, uptime: () => uptime });
  await raw.ensureTopics(triplineTopics(1));
  const produce = (n: number) =>
    raw.produce(
      TOPICS.events,
      Array.from({ length: n }, (_, i) => ({ key: `${i}`, value: Buffer.from("x") })),
    );
  await produce(10);
  const first = await read(raw, 4);
  await expect(first.consumer.ended).rejects.toThrow("the store is down");
  expect(first.offsets).toEqual([0, 1, 2, 3]);
  await raw.expire();
  uptime += EIGHT_DAYS_MS;
  await produce(2);
  expect(await raw.expire()).toBe(10);
  await raw.close();

  const lost = { topic: TOPICS.events, partition: 0, from: 4, to: 10, how: "removed" };
  const alerts = new Set<string>();
  for (let start = 0; start < 2; start++) {
    const log = await openLog({ dataDir });
    const behind = await read(log, 100);
    await expect(behind.consumer.ended).rejects.toMatchObject({ code: "TRIPLINE_STREAM_OUT_OF_RANGE", lost });
    const [end] = await log.offsets(TOPICS.alerts);
    await log.scan({ topic: TOPICS.alerts, partition: 0, from: 0, to: end?.next ?? 0 }, async (records) => {
      for (const { value } of records) alerts.add(JSON.parse(Buffer.from(value ?? []).toString()).id);
    });
    await log.close();
  }
  expect(alerts.size).toBe(1);

  const log = await openLog({ dataDir });
  await acceptLostRange(log, { topic: TOPICS.events, partition: 0, group: GROUP }, { from: 4, to: 10 });
  const again = await read(log, 100);
  await waitFor(() => again.offsets.length === 2, { what: "what is left" });
  expect(again.offsets).toEqual([10, 11]);
  await log.close();
});
