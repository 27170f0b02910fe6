import { PIPELINE_RULES, parseRecord, TOPICS } from "@tripline/events";
import type { Log, LogRecord } from "@tripline/stream";
import { waitFor } from "../../support/wait-for.ts";
import type { LoggedRecord, StoredRecord, WhatHappened } from "./findings.ts";
import { type Installation, RULE } from "./installation.ts";
import { ledgerFindings } from "./ledger-findings.ts";
import { referenceAlerts, ruleAlerts, wholeTopic } from "./reference-alerts.ts";
import type { Workload } from "./workload.ts";

const SETTLED_TIMEOUT_MS = 120_000; // what piled up during a fault, on a shared machine
const AFTER_START_TIMEOUT_MS = 30_000; // a second's work was left
const PAGE_ROWS = 500; // the most that one page holds
const LAST_HEARTBEATS = 20; // of a producer; its goodbye is the newest
const PRODUCER_TYPES = "call,call.intent,tools.listed,heartbeat,revocation.applied";
/** The groups that must have gone through all of the callers' records before anything is compared. */
const EVENT_GROUPS = ["archiver-events", "detector"];

interface AlertRow {
  id: string;
  rule_id: string;
  credential: string | null;
}

/**
 * Ends the workload, waits until everything it left behind is processed, and reads it back. Every service must run; with
 * an embedded log the service that owns it is stopped afterwards.
 */
export async function whatHappened(installation: Installation, workload: Workload): Promise<WhatHappened> {
  await workload.finish();
  const ended = () => [...installation.services.values()].find((service) => !service.running());
  const isCallers = (producer: string): boolean => workload.producers.includes(producer);
  await waitFor(async () => ended() !== undefined || (await goodbyesStored(installation, workload)), {
    what: "the goodbye of each caller to be stored",
    timeoutMs: SETTLED_TIMEOUT_MS,
  });
  const gone = ended();
  if (gone !== undefined) throw new Error(`${gone.name} ended by itself: ${gone.output().slice(-4000)}`);
  await waitFor(
    async () => {
      const { accused, revoked } = await shownOf(installation);
      return [...workload.accepted.chains].every(
        (chain) => accused.includes(chain) && revoked.includes(chain),
      );
    },
    { what: "an alert and a revocation for each chain", timeoutMs: SETTLED_TIMEOUT_MS },
  ).catch(() => undefined); // what is missing is named by the comparison

  if (!installation.logIsOwned) {
    const judged = () => installation.withLog(async (log) => await isThrough(log, isCallers));
    await waitFor(judged, { what: "all groups to be through", timeoutMs: SETTLED_TIMEOUT_MS });
  }
  let stored = await storedOf(installation, workload.producers);
  let shown = await shownOf(installation);
  let contents = await installation.withLog((open) => readLog(open, isCallers));
  const isShown = (): boolean => {
    const ids = new Set(stored.map(({ id }) => id));
    return (
      contents.logged.every(({ id }) => ids.has(id)) &&
      [...contents.alerts].every((id) => shown.alerts.includes(id))
    );
  };
  if (installation.logIsOwned && !(contents.through && isShown())) {
    // It was stopped before it was through: the rest is done after a start.
    for (const service of installation.services.values()) await service.start();
    await waitFor(
      async () => {
        stored = await storedOf(installation, workload.producers);
        shown = await shownOf(installation);
        return isShown();
      },
      { what: "what is in the log to be stored", timeoutMs: AFTER_START_TIMEOUT_MS },
    ).catch(() => undefined); // what is missing is named by the comparison
    contents = await installation.withLog((open) => readLog(open, isCallers));
  }
  const unsealed = await waitFor(
    async () => {
      const found = await unsealedOf(installation, contents);
      return found.length === 0 || installation.logIsOwned ? found : null;
    },
    { what: "what is stored to be sealed", timeoutMs: AFTER_START_TIMEOUT_MS },
  ).catch(() => unsealedOf(installation, contents));
  return {
    accepted: workload.accepted,
    logged: contents.logged,
    stored,
    alerts: {
      logged: contents.alerts,
      stored: shown.alerts,
      expected: await referenceAlerts(contents.records, contents.partitions),
    },
    accused: shown.accused,
    revoked: shown.revoked,
    deadLetters: contents.deadLetters,
    unsealed,
  };
}

/** Up to the last of the callers' records: what comes behind it is not waited for. */
async function unsealedOf(installation: Installation, contents: LogContents): Promise<string[]> {
  const byPartition = Map.groupBy(contents.records, ({ partition }) => partition);
  const partitions = [...byPartition].map(([partition, records]) => ({
    generation: contents.generation,
    partition,
    records,
  }));
  const last = (partition: number): number =>
    Math.max(
      -1,
      ...contents.logged.filter((each) => each.partition === partition).map(({ offset }) => offset),
    );
  return ledgerFindings(installation.ledger, partitions, (partition) => last(partition) + 1);
}

async function goodbyesStored(installation: Installation, workload: Workload): Promise<boolean> {
  const boots = new Set<string>();
  for (const producer of workload.producers) {
    const query = `producer=${producer}&type=heartbeat&limit=${LAST_HEARTBEATS}`;
    const found = await installation.json<{ calls: StoredRecord[] }>(`/api/calls?${query}`);
    for (const { boot } of found.calls) boots.add(boot);
  }
  return [...workload.accepted.goodbyes].every((boot) => boots.has(boot));
}

async function storedOf(installation: Installation, producers: readonly string[]): Promise<StoredRecord[]> {
  const all: StoredRecord[] = [];
  for (const producer of producers) {
    const query = `producer=${producer}&type=${PRODUCER_TYPES}`;
    all.push(...(await pages<StoredRecord>(installation, `/api/calls?${query}`, "calls")));
  }
  return all;
}

async function shownOf(
  installation: Installation,
): Promise<{ alerts: string[]; accused: string[]; revoked: string[] }> {
  const alerts = (await pages<AlertRow>(installation, "/api/alerts?", "alerts")).filter(
    (alert) => !(alert.rule_id in PIPELINE_RULES),
  );
  const revocations = await pages<{ subject: string }>(installation, "/api/revocations?", "revocations");
  return {
    alerts: alerts.map(({ id }) => id),
    accused: alerts.filter((alert) => alert.rule_id === RULE).map(({ credential }) => credential ?? ""),
    revoked: revocations.map(({ subject }) => subject),
  };
}

async function pages<T>(installation: Installation, path: string, name: string): Promise<T[]> {
  const all: T[] = [];
  let cursor: string | null = null;
  do {
    const page: Record<string, unknown> = await installation.json(
      `${path}&limit=${PAGE_ROWS}${cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    all.push(...(page[name] as T[]));
    cursor = typeof page.next === "string" ? page.next : null;
  } while (cursor !== null);
  return all;
}

interface LogContents {
  records: LogRecord[];
  logged: LoggedRecord[];
  alerts: Set<string>;
  deadLetters: number;
  partitions: number;
  generation: string;
  through: boolean;
}

async function readLog(log: Log, isCallers: (producer: string) => boolean): Promise<LogContents> {
  const records = await wholeTopic(log, TOPICS.events);
  return {
    records,
    logged: records.flatMap((record) => loggedRecord(record, isCallers)),
    alerts: new Set((await ruleAlerts(log)).map(({ id }) => id)),
    deadLetters: (await wholeTopic(log, TOPICS.deadLetters)).length,
    partitions: await log.partitionCount(TOPICS.events),
    generation: log.generation,
    through: await isThrough(log, isCallers, records),
  };
}

/** Whether every group has committed behind the last of the callers' records in each partition. */
async function isThrough(
  log: Log,
  isCallers: (producer: string) => boolean,
  records?: readonly LogRecord[],
): Promise<boolean> {
  const events = records ?? (await wholeTopic(log, TOPICS.events));
  const lasts = new Map<number, number>();
  for (const record of events) {
    if (loggedRecord(record, isCallers).length > 0) lasts.set(record.partition, record.offset);
  }
  for (const group of EVENT_GROUPS) {
    const committed = await log.committed(TOPICS.events, group);
    for (const [partition, last] of lasts) {
      if ((committed.get(partition)?.offset ?? 0) <= last) return false;
    }
  }
  for (const [topic, group] of [
    [TOPICS.facts, "detector-facts"],
    [TOPICS.alerts, "archiver-alerts"],
  ] as const) {
    const committed = await log.committed(topic, group);
    for (const { partition, next } of await log.offsets(topic)) {
      if (next > 0 && (committed.get(partition)?.offset ?? 0) < next) return false;
    }
  }
  return true;
}

/** None for what is no record, or another producer's. */
function loggedRecord(record: LogRecord, isCallers: (producer: string) => boolean): LoggedRecord[] {
  if (record.value === null) return [];
  let parsed: ReturnType<typeof parseRecord>;
  try {
    parsed = parseRecord(new TextDecoder().decode(record.value));
  } catch {
    return []; // poison that a test has put there
  }
  const { id, type, producer, call } = parsed.envelope;
  if (!isCallers(producer.id)) return [];
  const { partition, offset } = record;
  const { boot, seq } = producer;
  return [{ partition, offset, id, type, producer: producer.id, boot, seq, callId: call?.id ?? null }];
}
