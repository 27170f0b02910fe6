import { createDetector, loadRules } from "@tripline/detector";
import { alertSchema, TOPICS } from "@tripline/events";
import { createContext } from "@tripline/service";
import { createMemoryLog, type Log, type LogRecord, triplineTopics } from "@tripline/stream";
import { waitFor } from "../../support/wait-for.ts";

const JUDGED_TIMEOUT_MS = 120_000; // 64 µs a record; an hour's soak has some 400,000
const GROUPS = [
  [TOPICS.events, "detector"],
  [TOPICS.facts, "detector-facts"],
] as const;

/**
 * The run without faults: a detector over these records of `tripline.events` (all partitions, whole), in a log in memory
 * that gives them the same places and append times. @returns the ids of the alerts it raises
 */
export async function referenceAlerts(
  records: readonly LogRecord[],
  partitions: number,
): Promise<Set<string>> {
  let clock = 0;
  const log = createMemoryLog({ now: () => clock });
  await log.ensureTopics(triplineTopics(partitions));
  const inOrder = [...records].sort(
    (a, b) => a.appendTime - b.appendTime || a.partition - b.partition || a.offset - b.offset,
  );
  for (const [appendTime, together] of Map.groupBy(inOrder, (record) => record.appendTime)) {
    clock = appendTime;
    await log.produce(
      TOPICS.events,
      together.map(({ key, value, headers, partition }) => ({ key, value, headers, partition })),
    );
  }
  const detector = createDetector({
    log,
    rules: await loadRules(),
    context: createContext({ service: "reference", logLevel: "silent" }),
  });
  await detector.start();
  for (const [topic, group] of GROUPS) await judged(log, topic, group);
  await detector.stop();
  const alerts = await ruleAlerts(log);
  await log.close();
  return new Set(alerts.map(({ id }) => id));
}

async function judged(log: Log, topic: string, group: string): Promise<void> {
  await waitFor(
    async () => {
      const committed = await log.committed(topic, group);
      const bounds = await log.offsets(topic);
      return bounds.every(({ partition, next }) => next === 0 || committed.get(partition)?.offset === next);
    },
    { what: `${group} to have judged all`, timeoutMs: JUDGED_TIMEOUT_MS },
  );
}

/** The alerts that a log holds, as detectors raised them: later states and findings about the pipeline left out. */
export async function ruleAlerts(log: Log): Promise<{ id: string; rule: string }[]> {
  const found: { id: string; rule: string }[] = [];
  for (const record of await wholeTopic(log, TOPICS.alerts)) {
    const alert = alertSchema.parse(JSON.parse(new TextDecoder().decode(record.value ?? new Uint8Array())));
    if (alert.state === undefined && alert.tags?.includes("pipeline") !== true)
      found.push({ id: alert.id, rule: alert.rule.id });
  }
  return found;
}

/** All records of a topic with clean-up `delete`. */
export async function wholeTopic(log: Log, topic: string): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  for (const { partition, earliest, next } of await log.offsets(topic)) {
    await log.scan({ topic, partition, from: earliest, to: next }, async (batch) => {
      records.push(...batch);
    });
  }
  return records;
}
