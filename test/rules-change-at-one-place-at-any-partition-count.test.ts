import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DetectionInput, recordsOf, shortRecordSchema } from "@tripline/detection";
import { type Alert, encodeRecord, eventKey, TOPIC_CLEANUP, TOPICS } from "@tripline/events";
import { createContext } from "@tripline/service";
import { createMemoryLog, type Log } from "@tripline/stream";
import { afterEach, describe, expect, it } from "vitest";
import { createDetector, RuleDirectory } from "../services/detector/src/index.ts";
import { plainAlerts, readAlerts } from "./support/alerts.ts";
import { waitFor } from "./support/wait-for.ts";

const CREDENTIALS = 6;
const PHASE_MS = 60_000; // of the records' time; the rules change between two
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const rule = (name: string, group: string, gte: number): string => `title: A page
name: a_page
logsource: { category: agent_tool_call }
detection: { call: { tool: print_page }, condition: call }
---
title: ${name}
name: ${name}
level: medium
correlation: { type: event_count, rules: a_page, group-by: [${group}], timespan: 1h, condition: { gte: ${gte} } }
tripline: { summary: "{count} pages", why: w, next: [n], response: { revocable: false }, quiet: 1s }
`;

/** Three pages of each credential, a second apart. */
function pages(phase: number): DetectionInput[] {
  const shorts = Array.from({ length: CREDENTIALS * 3 }, (_, index) => ({
    at: `${phase * PHASE_MS + (index + 1) * 1000}ms`,
    credential: `local:c${index % CREDENTIALS}`,
    server: "office",
    tool: "print_page",
    args: { page: index },
  }));
  return recordsOf(shorts.map((short) => shortRecordSchema.parse(short)));
}

async function alertsAt(partitions: number): Promise<Alert[]> {
  let clock = Date.UTC(2026, 0, 1);
  const directory = await mkdtemp(join(tmpdir(), "tripline-rules-"));
  closing.push(() => rm(directory, { recursive: true }));
  const write = (name: string, text: string) => writeFile(join(directory, `${name}.yaml`), text);
  // One of each stage that stays, one of each that changes; the shipped rules are off.
  await write("same-key", rule("same-key", "credential", 5));
  await write("same-server", rule("same-server", "server", 20));
  await write("changed-key", rule("changed-key", "credential", 3));
  await write("changed-server", rule("changed-server", "server", 18));
  const log = createMemoryLog({ now: () => clock });
  await log.ensureTopics(
    Object.entries(TOPIC_CLEANUP).map(([name, cleanup]) => ({ name, partitions, cleanup })),
  );
  closing.push(() => log.close());
  const start = async () => {
    const context = createContext({ service: "test", logLevel: "silent" });
    const detector = createDetector({
      log,
      rules: new RuleDirectory({ directory }),
      context: { ...context, now: () => clock },
      snapshotEveryMs: 20,
      elapsedMs: () => clock,
    });
    await detector.start();
    await waitFor(async () => (await log.offsets(TOPICS.events)).every(({ next }) => next > 0), {
      what: "the first rules",
    });
    closing.push(() => detector.stop());
    return detector;
  };
  let seq = 0;
  const produce = async (inputs: readonly DetectionInput[]) => {
    for (const { record, appendTime } of inputs) {
      clock = appendTime;
      // Of both phases, so that no id and no number comes twice.
      const id = `${record.envelope.id.slice(0, -8)}${(0x10000000 + seq).toString(16)}`;
      const producer = { ...record.envelope.producer, seq };
      const value = Buffer.from(encodeRecord({ ...record, envelope: { ...record.envelope, id, producer } }));
      seq += 1;
      await log.produce(TOPICS.events, [{ key: eventKey(record.envelope), value }]);
    }
  };

  const first = await start();
  await produce(pages(0));
  await write("changed-key", rule("changed-key", "credential", 2));
  await write("changed-server", rule("changed-server", "server", 17));
  await first.reload();
  const [half, rest] = [pages(1).slice(0, CREDENTIALS), pages(1).slice(CREDENTIALS)];
  await produce(half);
  await waitFor(() => isThrough(log), { what: "the first stage and what it tells" });
  await first.stop(); // what follows is judged by a state that was restored
  await start();
  await produce(rest);
  clock += 60_000;
  await waitFor(async () => (await isThrough(log)) && (await isReleased(log)) && (await isThrough(log)), {
    what: "both stages to be through",
    timeoutMs: 30_000,
  });
  return (await readAlerts(log)).filter(({ rule: { id } }) => /^(same|changed)-/.test(id));
}

async function isThrough(log: Log): Promise<boolean> {
  for (const [topic, group] of [
    [TOPICS.events, "detector"],
    [TOPICS.facts, "detector-facts"],
  ] as const) {
    const committed = await log.committed(topic, group);
    for (const { partition, next } of await log.offsets(topic)) {
      if (next > 0 && committed.get(partition)?.offset !== next) return false;
    }
  }
  return true;
}

/** The last record of each partition of the facts is a tick behind all facts. */
async function isReleased(log: Log): Promise<boolean> {
  for (const { partition, next } of await log.offsets(TOPICS.facts)) {
    let latest = 0;
    let told = 0;
    await log.scan({ topic: TOPICS.facts, partition, from: 0, to: next }, async (records) => {
      for (const { value } of records) {
        const read = JSON.parse(new TextDecoder().decode(value ?? undefined));
        if (read.type === "tick") told = Math.max(told, read.before);
        else latest = Math.max(latest, Date.parse(read.record.envelope.time));
      }
    });
    if (latest > 0 && told < latest + 2000) return false;
  }
  return true;
}

const counted = (alerts: readonly Alert[], id: string) => alerts.filter(({ rule }) => rule.id === id).length;

describe("rules that change between records", () => {
  let reference: string[] | null = null;

  it.each([1, 3, 12])("give the same alerts on %i partitions", async (partitions) => {
    const alerts = await alertsAt(partitions);
    // A rule that stays goes on counting: of six pages of a key the fifth and sixth, of 36 on the server all from the 20th.
    expect(counted(alerts, "same-key")).toBe(CREDENTIALS * 2);
    expect(counted(alerts, "same-server")).toBe(17);
    // One that changes begins anew: before, the third page of each key and the 18th of the server …
    // … and then the second and third of each key, the 17th and 18th of the server.
    expect(counted(alerts, "changed-key")).toBe(CREDENTIALS * (1 + 2));
    expect(counted(alerts, "changed-server")).toBe(1 + 2);
    const versions = new Set(
      alerts.filter(({ rule }) => rule.id === "changed-key").map(({ rule }) => rule.hash),
    );
    expect(versions.size).toBe(2);
    reference ??= plainAlerts(alerts);
    expect(plainAlerts(alerts)).toEqual(reference);
  });
});
