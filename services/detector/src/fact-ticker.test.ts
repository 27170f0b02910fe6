import { TOPICS, TriplineError } from "@tripline/events";
import { createContext } from "@tripline/service";
import { createMemoryLog, type Log } from "@tripline/stream";
import { afterEach, expect, it } from "vitest";
import { waitFor } from "../../../test/support/wait-for.ts";
import { FactTicker } from "./fact-ticker.ts";

const { logger } = createContext({ service: "test", logLevel: "silent" });
let ticker: FactTicker | null = null;
afterEach(() => ticker?.stop());

async function newLog(): Promise<Log> {
  const log = createMemoryLog();
  await log.ensureTopics([
    { name: TOPICS.events, partitions: 2, cleanup: "delete" },
    { name: TOPICS.facts, partitions: 2, cleanup: "delete" },
  ]);
  const value = Buffer.from("x");
  await log.produce(TOPICS.events, [
    { key: "k", value, partition: 0 },
    { key: "k", value, partition: 1 },
  ]);
  return log;
}

async function ticksOf(log: Log, partition: number): Promise<number[]> {
  const ticks: number[] = [];
  const next = (await log.offsets(TOPICS.facts))[partition]?.next ?? 0;
  await log.scan({ topic: TOPICS.facts, partition, from: 0, to: next }, async (records) => {
    for (const { value } of records) ticks.push(JSON.parse(Buffer.from(value ?? []).toString()).before);
  });
  return ticks;
}

it("writes a tick once the first stage has committed all there was, only where a fact waits for it", async () => {
  const log = await newLog();
  let asked = 0;
  let earliest: number | null = 1000;
  let looked = 0;
  const counting: Pick<Log, "offsets" | "committed" | "produce"> = {
    offsets: (topic) => log.offsets(topic),
    produce: (topic, records) => log.produce(topic, records),
    committed: (topic, group) => {
      asked += 1;
      return log.committed(topic, group);
    },
  };
  ticker = new FactTicker({ log: counting, group: "first", logger, elapsedMs: () => 0 });
  const waiting = (): number | null => {
    looked += 1;
    return earliest;
  };
  ticker.add({ partition: 0, earliest: waiting, newestAppend: () => 4000 });
  ticker.add({ partition: 1, earliest: () => null, newestAppend: () => 3999 });
  ticker.start();
  await waitFor(() => asked >= 3, { what: "the ticker to ask" });
  expect(await ticksOf(log, 0)).toEqual([]);

  const first = await log.consume({
    topic: TOPICS.events,
    group: "first",
    onAssigned: async (assignment) => ({ onBatch: (records) => assignment.commit(records.length) }),
  });
  await waitFor(async () => (await ticksOf(log, 0)).length === 1, { what: "a tick" });
  expect(await ticksOf(log, 0)).toEqual([4000]);
  expect(await ticksOf(log, 1)).toEqual([]);
  earliest = 2001; // released only by what the log takes after 4001: no tick can say that yet
  const before = asked;
  const from = looked;
  await waitFor(() => looked >= from + 3, { what: "the ticker to look again" });
  expect([asked, (await ticksOf(log, 0)).length]).toEqual([before, 1]);
  await first.close();
});

it("waits while the log does not answer, and has failed when it never will", async () => {
  const log = await newLog();
  let refusals = 0;
  let kind: "retriable" | "permanent" = "retriable";
  const refusing: Pick<Log, "offsets" | "committed" | "produce"> = {
    produce: (topic, records) => log.produce(topic, records),
    committed: (topic, group) => log.committed(topic, group),
    offsets: async () => {
      refusals += 1;
      throw new TriplineError("TRIPLINE_STREAM_UNAVAILABLE", "no answer", { kind });
    },
  };
  ticker = new FactTicker({ log: refusing, group: "first", logger, elapsedMs: () => 0 });
  ticker.add({ partition: 0, earliest: () => 0, newestAppend: () => 4000 });
  ticker.start();
  await waitFor(() => refusals >= 2, { what: "a second attempt" });
  expect(ticker.failure).toBeNull();
  kind = "permanent";
  await waitFor(() => ticker?.failure !== null, { what: "the failure" });
});
