import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { recordsOf, shortRecordSchema } from "@tripline/detection";
import { createDetector, RuleDirectory } from "@tripline/detector";
import { encodeRecord, eventKey, incidentSchema, TOPICS, uuidv7 } from "@tripline/events";
import { createContext } from "@tripline/service";
import { createMemoryLog } from "@tripline/stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Bench } from "../services/responder/src/testing/bench.ts";
import { waitFor } from "./support/wait-for.ts";

const PARTITIONS = 3;
const DAY_MS = 24 * 3600 * 1000;
const RULE = `title: Somebody prints
name: print-call
level: high
logsource: { category: agent_tool_call }
detection: { call: { tool: print }, condition: call }
tripline:
  { summary: "{tool}", why: w, next: [n], response: { revocable: false }, quiet: 1s }
`;

/** The detector and the responder on one log, as they are: what a person decides here changes what is found there. */
describe("a false positive", () => {
  const directory = mkdtempSync(join(tmpdir(), "tripline-false-positive-"));
  const log = createMemoryLog();
  const detector = createDetector({
    log,
    rules: new RuleDirectory({ directory }),
    context: createContext({ service: "test", logLevel: "silent" }),
  });
  let bench: Bench;
  let calls = 0;

  beforeAll(async () => {
    writeFileSync(join(directory, "own.yaml"), RULE);
    bench = await Bench.create(20787, "escalation: []\n", log, PARTITIONS);
    await bench.start();
    await detector.start();
    await waitFor(() => detector.health().state === "ready", { what: "the detector" });
  });
  afterAll(async () => {
    await detector.stop();
    await bench.remove();
    rmSync(directory, { recursive: true });
  });

  /** One call a minute behind the one before, so that no earlier alert keeps the rule quiet. */
  async function print(credential: string): Promise<void> {
    calls += 1;
    const id = (what: number) => uuidv7(Date.UTC(2026, 0, 1) + calls, Buffer.alloc(10, what * 50 + calls));
    const time = new Date(Date.UTC(2026, 0, 1) + calls * 60_000).toISOString();
    const shorts = [shortRecordSchema.parse({ tool: "print", server: "printer", credential })];
    const records = recordsOf(shorts).map(({ record }) => {
      const producer = { id: "gw-1", boot: id(1), seq: 0 };
      const envelope = { ...record.envelope, id: id(2), time, tenant: "acme", producer };
      return { key: eventKey(envelope), value: Buffer.from(encodeRecord({ ...record, envelope })) };
    });
    await log.produce(TOPICS.events, records);
  }

  /** By subject: the id and how many alerts its incidents have. */
  async function incidents(): Promise<Map<string, { id: string; alerts: number }>> {
    const found = new Map<string, { id: string; alerts: number }>();
    for (const { partition, earliest, next } of await log.offsets(TOPICS.incidents)) {
      await log.scan({ topic: TOPICS.incidents, partition, from: earliest, to: next }, async (records) => {
        for (const { value } of records) {
          const { subject, id, alerts } = incidentSchema.parse(
            JSON.parse(Buffer.from(value ?? []).toString()),
          );
          found.set(subject, { id, alerts });
        }
      });
    }
    return found;
  }

  const alertsOf = async (key: string) => (await incidents()).get(`credential=${key}`)?.alerts ?? 0;
  const inForce = (count: number) =>
    waitFor(
      async () => {
        const found: number[] = [];
        for (const { partition, next } of await log.offsets(TOPICS.events)) {
          await log.scan({ topic: TOPICS.events, partition, from: 0, to: next }, async (records) => {
            for (const { value } of records) {
              const { envelope } = JSON.parse(Buffer.from(value ?? []).toString());
              if (envelope.type === "rules.changed") found[partition] = envelope.rules.exceptions;
            }
          });
        }
        return found.length === PARTITIONS && found.every((each) => each === count);
      },
      { what: `${count} exceptions in force` },
    );

  it("feeds the exceptions of its rule: the same calls raise no alert any more, and others still do", async () => {
    await print("local:backup");
    await print("local:backup");
    await waitFor(async () => (await alertsOf("local:backup")) === 2, { what: "two alerts" });
    const { id } = (await incidents()).get("credential=local:backup") ?? { id: "" };
    const respond = { roles: ["respond"] as const, id: "ana" };
    const until = new Date(Date.now() + DAY_MS).toISOString();
    const made = await bench.call(respond, "POST", `/api/incidents/${id}/exception`, {
      until,
      reason: "our own backup",
    });
    expect(made).toMatchObject({ status: 201, body: { rule: "print-call" } });
    const state = await bench.call(respond, "POST", `/api/incidents/${id}/state`, { to: "false_positive" });
    expect(state.status).toBe(200);
    await inForce(1);

    await print("local:backup");
    await print("local:stranger");
    await waitFor(async () => (await alertsOf("local:stranger")) === 1, { what: "the other's alert" });

    await bench.call(respond, "DELETE", `/api/exceptions/${made.body.id}`, { reason: "it moved" });
    await inForce(0);
    await print("local:backup");
    // Soon after it was called false, further alerts are counted to it, and nobody is told.
    await waitFor(async () => (await alertsOf("local:backup")) > 2, { what: "the alert of after" });
    expect(await alertsOf("local:backup")).toBe(3);
    expect((await incidents()).get("credential=local:backup")?.id).toBe(id);
  });
});
