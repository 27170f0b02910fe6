import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import {
  cloudEventHeaders,
  type Envelope,
  encodeRecord,
  eventKey,
  TOPICS,
  type TriplineRecord,
} from "@tripline/events";
import { openStore } from "@tripline/store";
import { id, testRecord } from "@tripline/store/testing";
import { openEmbeddedLog, triplineTopics } from "@tripline/stream";
import { audit, type Finding, type RecordSource, type Summary } from "@tripline/verify";
import { afterEach, beforeEach, expect, it } from "vitest";
import { World } from "../packages/verify/src/testing/world.ts";

const CHILD = new URL("./support/archive-and-erase.process.ts", import.meta.url).pathname;
const EVE = `sub_${"e".repeat(32)}`;
const SLOW_MS = 900_000;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "tripline-aged-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const calls = Array.from({ length: 40 }, (_, n) =>
  testRecord(n, n % 10 === 3 ? { actor: { principal: EVE, credential: "local:demo" } } : {}),
);
const isHeld = ({ envelope }: TriplineRecord) => envelope.actor?.principal === EVE;
const hold: Envelope = {
  v: 1,
  id: id(800_000),
  type: "retention",
  time: calls[0]?.envelope.time ?? "",
  tenant: "acme",
  producer: { id: "console", boot: id(3_000_000), seq: 0 },
  retention: { action: "held", scope: { kind: "principal", subject: EVE }, reason: "a lawsuit", by: "ana" },
};

async function withLog<T>(work: (log: ReturnType<typeof openEmbeddedLog>) => Promise<T>): Promise<T> {
  const log = openEmbeddedLog({ directory: join(directory, "log") });
  try {
    return await work(log);
  } finally {
    await log.close();
  }
}

async function run(storeDir: string, boundary: number, mode: string): Promise<boolean> {
  const child = spawn(process.execPath, [CHILD, join(directory, "log"), storeDir, String(boundary), mode], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exit = once(child, "exit");
  const output = await text(child.stdout);
  const [, signal] = await exit;
  if (signal !== "SIGKILL") expect(output).toBe("settled\n");
  return signal === "SIGKILL";
}

/** What an auditor finds, whose ledger has a leaf for each position of the log. */
async function verified(storeDir: string): Promise<{ findings: Finding[]; summary: Summary }> {
  const world = await withLog(async (log) => {
    const made = new World({ generation: log.generation });
    const [end] = await log.offsets(TOPICS.events);
    const range = { topic: TOPICS.events, partition: 0, from: 0, to: end?.next ?? 0 };
    await log.scan(range, async (batch) => {
      const records = batch.map(({ value }) => JSON.parse(Buffer.from(value ?? []).toString("utf8")));
      await made.append(
        records.map(({ envelope }) => ({
          id: envelope.id,
          envelope: JSON.stringify(envelope),
          payload: null,
        })),
      );
    });
    await made.seal(1_000);
    return made;
  });
  const store = await openStore({ dataDir: storeDir });
  try {
    const { sealed } = store;
    const source: RecordSource = {
      read: (of, from, to) => sealed.block({ ...of, from, to }),
      exact: (of, from, to) => sealed.exact({ ...of, from, to }),
      byId: (ids) => sealed.byId(ids),
      erasures: () => sealed.erasures(),
      partitions: () => sealed.partitions(),
    };
    const findings: Finding[] = [];
    for await (const event of audit({ ledger: world, source, policy: world.policy, selection: {} })) {
      if (event.type === "finding") findings.push(event.finding);
      if (event.type === "summary") return { findings, summary: event.summary };
    }
  } finally {
    await store.close();
  }
  throw new Error("there was no summary");
}

async function storedCalls(storeDir: string): Promise<string[]> {
  const store = await openStore({ dataDir: storeDir });
  try {
    const reader = store.reader({ tenant: "acme", payloads: true });
    const found: string[] = [];
    for (const { envelope } of calls) {
      const row = await reader.record(envelope.id);
      if (row !== null)
        found.push(`${envelope.producer.seq} ${row.payload_text === null ? "bare" : "whole"}`);
    }
    return found;
  } finally {
    await store.close();
  }
}

const HELD = calls.filter(isHeld).map(({ envelope }) => `${envelope.producer.seq} whole`);

it("killed between any two steps, or from the log's beginning: what is held stays, the rest goes, and the ledger says why", {
  timeout: SLOW_MS,
}, async () => {
  const storeDir = join(directory, "store");
  await withLog(async (log) => {
    await log.ensureTopics(triplineTopics(1));
    const records = [...calls, { envelope: hold }].map((record) => ({
      key: eventKey(record.envelope),
      value: Buffer.from(encodeRecord(record)),
      headers: cloudEventHeaders(record.envelope),
    }));
    await log.produce(TOPICS.events, records);
  });
  // Each run goes on where the one before was killed, and so comes to other boundaries of the way.
  for (const boundary of [3, 6, 9, 13]) expect(await run(storeDir, boundary, "aged")).toBe(true);
  expect(await run(storeDir, 0, "aged")).toBe(false);
  expect(await storedCalls(storeDir)).toEqual(HELD);
  const { findings, summary } = await verified(storeDir);
  expect(new Set(findings.map(({ kind }) => kind))).toEqual(new Set(["EXPIRED"]));
  expect(summary).toMatchObject({ state: "verified", counts: { failed: 0, erased: 0 } });
  expect(summary.counts.expired).toBeGreaterThanOrEqual(calls.length - HELD.length);

  for (const boundary of [5, 0]) {
    expect(await run(storeDir, boundary, "aged-replay")).toBe(boundary > 0);
    expect((await verified(storeDir)).summary.state).toBe("verified");
  }
  expect(await storedCalls(storeDir)).toEqual(HELD);
});
