import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseRecord, RecordIds } from "@tripline/events";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Spool } from "../spool/spool.ts";
import { RecordWriter } from "./record-writer.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "tripline-writer-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

it("gives a heartbeat that a slow disk holds up a number of its own", async () => {
  const spool = new Spool({
    directory,
    budget: { used: 0, max: 1_000_000 },
    slowWriteMs: -1, // every write counts as slow
    onWarning: () => undefined,
    onGrown: () => undefined,
  });
  const writer = new RecordWriter({
    boot: "01987654-0000-7000-8000-000000000001",
    tenant: "acme",
    producer: { id: "gw-1", enforcement: undefined },
    spool,
    ids: new RecordIds((buffer) => buffer.fill(7)),
    startedMs: 0,
  });
  const applied = { id: "r", scope: "credential", subject: "local:x", state: "active" } as const;
  const record = () =>
    writer.write(0, { type: "revocation.applied", applied: { ...applied, at: "2026-11-21T09:30:00.000Z" } });
  record();
  await spool.drained();
  writer.heartbeat(10, false);
  record();
  await spool.drained();
  writer.heartbeat(20, true);
  await spool.drained();
  spool.close();

  const batch = spool.queue.next(1_000_000, 100);
  const lines = batch?.body.toString("utf8").trimEnd().split("\n") ?? [];
  const envelopes = lines.map((line) => parseRecord(line).envelope);
  expect(envelopes.map(({ producer }) => producer.seq)).toEqual([0, 1, 2, 3]);
  expect(envelopes.map(({ type }) => type)).toEqual([
    "revocation.applied",
    "heartbeat",
    "revocation.applied",
    "heartbeat",
  ]);
  spool.queue.close();
});
