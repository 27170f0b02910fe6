import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { recordsOf, shortRecordSchema } from "@tripline/detection";
import {
  alertSchema,
  controlKey,
  encodeRecord,
  eventKey,
  type RuleException,
  TOPICS,
  uuidv7,
} from "@tripline/events";
import { createContext } from "@tripline/service";
import { createMemoryLog, type Log, triplineTopics } from "@tripline/stream";
import { afterEach, describe, expect, it } from "vitest";
import { waitFor } from "../../../../test/support/wait-for.ts";
import { createDetector } from "../detector.ts";
import { readRecord, rulesChangedIn } from "../read-record.ts";
import { RuleDirectory } from "./rule-directory.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const RULE = `title: Somebody prints
name: print-call
level: high
logsource: { category: agent_tool_call }
detection: { call: { tool: print }, condition: call }
`;
const HOUR_MS = 3600_000;

let counter = 0;

/** One call, of a key that was never seen, so that no earlier alert keeps the rule quiet. */
async function print(log: Log, server: string, tenant = "acme"): Promise<string> {
  counter += 1;
  const credential = `local:key-${counter}`;
  const shorts = [shortRecordSchema.parse({ tool: "print", server, credential, tenant })];
  const id = (what: number) => uuidv7(Date.UTC(2026, 0, 1) + counter, Buffer.alloc(10, what * 100 + counter));
  await log.produce(
    TOPICS.events,
    recordsOf(shorts).map(({ record }) => {
      const producer = { id: "gw-1", boot: id(1), seq: 0 };
      const envelope = { ...record.envelope, id: id(2), producer };
      return { key: eventKey(envelope), value: Buffer.from(encodeRecord({ ...record, envelope })) };
    }),
  );
  return credential;
}

async function alerted(log: Log): Promise<string[]> {
  const found: string[] = [];
  for (const { partition, earliest, next } of await log.offsets(TOPICS.alerts)) {
    await log.scan({ topic: TOPICS.alerts, partition, from: earliest, to: next }, async (records) => {
      for (const { value } of records) {
        const alert = alertSchema.parse(JSON.parse(Buffer.from(value ?? []).toString()));
        if (alert.rule.id === "print-call") found.push(alert.actor?.credential ?? "");
      }
    });
  }
  return found;
}

/** For each partition: how many exceptions are in force at its end. */
async function exceptionsInForce(log: Log): Promise<number[]> {
  const found: number[] = [];
  for (const { partition, next } of await log.offsets(TOPICS.events)) {
    await log.scan({ topic: TOPICS.events, partition, from: 0, to: next }, async (records) => {
      for (const { value } of records) {
        const read = readRecord(value ?? new Uint8Array());
        const changed = read === null ? null : rulesChangedIn(read);
        if (changed !== null) found[partition] = changed.exceptions;
      }
    });
  }
  return found;
}

const excepted: RuleException = {
  v: 1,
  kind: "exception",
  id: "e-1",
  tenant: "acme",
  by: "ana",
  at: "2026-01-01T00:00:00.000Z",
  reason: "the printer is ours",
  rule: "print-call",
  where: { server: "printer" },
  until: "2026-02-01T00:00:00.000Z",
};

const setControl = (log: Log, control: RuleException | null) =>
  log.produce(TOPICS.controls, [
    {
      key: controlKey(excepted),
      value: control === null ? null : Buffer.from(JSON.stringify(control)),
    },
  ]);

describe.each([1, 3])("an exception made at run time, on %i partitions", (partitions) => {
  it("takes effect in all of them behind one record, for its tenant's matching calls alone, and goes out again", async () => {
    let now = Date.parse("2026-01-01T00:00:00.000Z");
    const log = createMemoryLog();
    closing.push(() => log.close());
    await log.ensureTopics(triplineTopics(partitions));
    const directory = await mkdtemp(join(tmpdir(), "tripline-rules-"));
    closing.push(() => rm(directory, { recursive: true }));
    await writeFile(join(directory, "own.yaml"), RULE);
    const context = { ...createContext({ service: "test", logLevel: "silent" }), now: () => now };
    const detector = createDetector({ log, rules: new RuleDirectory({ directory }), context });
    await detector.start();
    closing.push(() => detector.stop());
    await waitFor(() => detector.health().state === "ready");
    const inForce = (count: number) =>
      waitFor(async () => {
        const found = await exceptionsInForce(log);
        return found.length === partitions && found.every((each) => each === count);
      });
    const all = (...credentials: string[]) =>
      waitFor(async () => (await alerted(log)).length === credentials.length, { what: "the alerts" }).then(
        async () => expect((await alerted(log)).sort()).toEqual([...credentials].sort()),
      );

    const before = await print(log, "printer");
    await all(before);

    await setControl(log, excepted);
    await inForce(1);
    await print(log, "printer");
    const [elsewhere, theirs] = [await print(log, "plotter"), await print(log, "printer", "other")];
    await all(before, elsewhere, theirs);

    await setControl(log, null);
    await inForce(0);
    const removed = await print(log, "printer");
    await all(before, elsewhere, theirs, removed);

    await setControl(log, excepted);
    await inForce(1);
    now = Date.parse(excepted.until) + HOUR_MS;
    await inForce(0);
    const ended = await print(log, "printer");
    await all(before, elsewhere, theirs, removed, ended);
  });
});
