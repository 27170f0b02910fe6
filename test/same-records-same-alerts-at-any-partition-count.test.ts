import { type DetectionInput, parseRules, recordsOf, shortRecordSchema } from "@tripline/detection";
import { type Alert, encodeRecord, eventKey, TOPIC_CLEANUP, TOPICS } from "@tripline/events";
import { createContext } from "@tripline/service";
import { createMemoryLog, type Log } from "@tripline/stream";
import { afterEach, describe, expect, it } from "vitest";
import { createDetector, loadRules } from "../services/detector/src/index.ts";
import { expectedAlerts, plainAlerts, readAlerts } from "./support/alerts.ts";
import { seeded } from "./support/seeded.ts";
import { waitFor } from "./support/wait-for.ts";

const CREDENTIALS = 12;
const SERVERS = ["files", "mail", "crm"];
const TOOLS = ["read_file", "send_email", "delete_file", "query_orders"];
const DAY_MS = 86_400_000;
const PATIENCE_MS = 2000; // the second stage's
const LATENESS_MS = 1900; // how late a record reaches the log at most: less than the second stage's patience
const SECRET = "⟨secret:k1.0123456789abcdef⟩";

const base = (name: string, tool: string): string[] => [
  `title: ${name}`,
  `name: ${name}`,
  "logsource: { category: agent_tool_call }",
  `detection: { call: { tool: "${tool}" }, condition: call }`,
  "---",
];
const correlated = (id: string, correlation: string, quiet: string): string[] => [
  `title: ${id}`,
  `name: ${id}`,
  "level: medium",
  `correlation: { timespan: 3s, ${correlation} }`,
  `tripline: { summary: "{window}", why: w, next: [n], response: { revocable: false }, quiet: ${quiet} }`,
];

/** Rules whose groups are spread over all partitions, of the kinds that no shipped rule of the second stage has. */
const OWN_RULES = [
  [
    "many-deletions",
    ...base("call", "delete_file"),
    ...correlated(
      "many-deletions",
      "type: event_count, rules: call, group-by: tenant, condition: { gte: 4 }",
      "1s",
    ),
  ],
  [
    "many-tools",
    ...base("call", "*"),
    ...correlated(
      "many-tools",
      "type: value_count, rules: call, group-by: server, condition: { gte: 3, field: tool }",
      "1s",
    ),
  ],
  [
    "read-then-deleted",
    ...base("read", "read_file"),
    ...base("delete", "delete_file"),
    ...base("send", "send_email"),
    ...correlated(
      "read-then-deleted",
      "type: temporal_ordered, rules: [read, delete, send], group-by: server",
      "500ms",
    ),
  ],
  [
    "server-is-who-asks",
    ...base("read", "read_file"),
    ...base("ask", "query_orders"),
    ...correlated(
      "server-is-who-asks",
      "type: temporal, rules: [read, ask], group-by: [what, server], aliases: { what: { read: session, ask: credential } }, condition: { gte: 1 }",
      "1s",
    ),
  ],
  [
    "bursts-on-two-servers",
    ...base("delete", "delete_file"),
    ...base("send", "send_email"),
    ...correlated(
      "burst",
      "type: event_count, rules: delete, group-by: [tenant, server], condition: { gte: 2 }",
      "1s",
    ),
    "---",
    ...correlated("bursts-on-two-servers", "type: temporal, rules: [burst, send], group-by: tenant", "500ms"),
  ],
].map(([id, ...lines]) => ({ file: `${id}.yaml`, text: lines.join("\n") }));
const rules = [...(await loadRules()), ...parseRules(OWN_RULES)];

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A day of learning, then calls of many credentials on the same servers, where tools appear and definitions change. */
function traffic(seed: number): DetectionInput[] {
  const random = seeded(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const shorts: unknown[] = SERVERS.map((server, index) => ({
    at: `${index + 1}s`,
    credential: "local:c0",
    server,
    listed: TOOLS.map((name) => ({ name, description: "As it was." })),
  }));
  for (let index = 0; index < 250; index += 1) {
    const credential = `local:c${Math.floor(random() * CREDENTIALS)}`;
    // In steps of 100 ms, so that some happen at the same time.
    const at = `${DAY_MS + 3_600_000 + Math.floor(index / 3) * 100}ms`;
    const base = { at, credential, server: pick(SERVERS), session: `s-${credential}` };
    const chance = random();
    if (chance < 0.08) {
      const listed = TOOLS.map((name) => ({ name, description: `Version ${Math.floor(random() * 3)}.` }));
      shorts.push({ ...base, listed });
    } else if (chance < 0.16) shorts.push({ ...base, tool: `tool-${Math.floor(random() * 12)}`, args: {} });
    else if (chance < 0.4) shorts.push({ ...base, tool: "delete_file", args: { path: `/srv/${index}` } });
    else if (chance < 0.6) {
      shorts.push({ ...base, tool: "read_file", args: { path: "/srv/app/.env" }, result: SECRET });
    } else if (chance < 0.8) {
      shorts.push({ ...base, tool: "send_email", args: { to: "drop@collector.example", body: SECRET } });
    } else shorts.push({ ...base, tool: "query_orders", args: { customer: index }, intent: true });
  }
  return recordsOf(shorts.map((short) => shortRecordSchema.parse(short)));
}

/** Each record with the time at which it reaches the log: of one credential in order, of several mixed up. */
function arrivals(inputs: readonly DetectionInput[], seed: number): { input: DetectionInput; at: number }[] {
  const random = seeded(seed);
  const latest = new Map<string, number>();
  return inputs
    .map((input) => {
      const key = eventKey(input.record.envelope);
      const time = Date.parse(input.record.envelope.time);
      const at = Math.max(time + Math.floor(random() * LATENESS_MS), latest.get(key) ?? 0);
      latest.set(key, at);
      return { input, at };
    })
    .sort((a, b) => a.at - b.at);
}

async function alertsAt(
  partitions: number,
  inputs: readonly DetectionInput[],
  seed: number,
): Promise<Alert[]> {
  let clock = 0;
  const log = createMemoryLog({ now: () => clock });
  await log.ensureTopics(
    Object.entries(TOPIC_CLEANUP).map(([name, cleanup]) => ({ name, partitions, cleanup })),
  );
  closing.push(() => log.close());
  const context = createContext({ service: "test", logLevel: "silent" });
  const detector = createDetector({ log, rules, context, snapshotEveryMs: 50, elapsedMs: () => clock });
  const random = seeded(seed);
  for (const [index, { input, at }] of arrivals(inputs, seed).entries()) {
    clock = at;
    const { record } = input;
    const value = new TextEncoder().encode(encodeRecord(numbered(record, index)));
    await log.produce(TOPICS.events, [{ key: eventKey(record.envelope), value }]);
    if (index === 3) {
      // The first day is judged before the second begins, as it would be.
      await detector.start();
      closing.push(() => detector.stop());
    }
    // Now and then the detector gets to work on what is there.
    if (random() < 0.2) await new Promise((resolve) => setTimeout(resolve, Math.floor(random() * 30)));
  }
  clock += 60_000;
  await waitFor(async () => (await isThrough(log)) && (await isReleased(log)) && (await isThrough(log)), {
    what: "both stages to be through",
    timeoutMs: 30_000,
  });
  return readAlerts(log);
}

function numbered(record: DetectionInput["record"], seq: number): DetectionInput["record"] {
  return { ...record, envelope: { ...record.envelope, producer: { ...record.envelope.producer, seq } } };
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

/** Each fact has been released: a tick in its partition says that all is here of when it happened. */
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
    if (latest > 0 && told < latest + PATIENCE_MS) return false;
  }
  return true;
}

describe.each([1, 2])("the same records, traffic %i", (seed) => {
  const inputs = traffic(seed);
  const wanted = expectedAlerts(rules, inputs);

  it("hold findings of both stages and of every kind", () => {
    const kinds = new Set(wanted.map(({ rule }) => rule.id));
    for (const id of ["secret-read-then-sent", "tool-new-on-server", "tool-definition-changed"]) {
      expect(kinds).toContain(id);
    }
    for (const { file } of OWN_RULES) expect(kinds).toContain(file.replace(".yaml", ""));
  });

  it.each([1, 3, 12])(
    "give the same alerts on %i partitions, in whatever order they arrive",
    async (partitions) => {
      const found = await alertsAt(partitions, inputs, seed * 100 + partitions);
      const short = (alerts: readonly Alert[]) =>
        alerts.map(({ id, rule, record_id, time }) => `${time} ${rule.id} ${record_id} ${id}`).sort();
      expect(short(found)).toEqual(short(wanted));
      expect(plainAlerts(found)).toEqual(plainAlerts(wanted));
    },
  );
});
