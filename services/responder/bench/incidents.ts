/**
 * What incidents cost: folding one triage record alone, with few and with as many incidents open as there may be; a burst of a
 * thousand alerts from the triage topic to durable versions on the embedded log; and the state's size at its bound.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Alert, alertId, TOPICS, type Triage } from "@tripline/events";
import { applyFold, BOUNDS, foldTriage } from "@tripline/response";
import { createContext } from "@tripline/service";
import { openEmbeddedLog, runStep, triplineTopics } from "@tripline/stream";
import type { BenchResult } from "../../../bench/result.ts";
import { incidentMetrics, openIncidentStep } from "../src/incidents/incident-step.ts";
import { OwnedBooks } from "../src/incidents/owned-books.ts";
import { partitionBook } from "../src/incidents/partition-book.ts";
import { alertEmission } from "../src/incidents/triage-record.ts";

const RECORDS = 20_000;
const BURST = 1000;
const START = Date.UTC(2026, 0, 1);
const EVIDENCE = 5; // calls of a usual finding

const few = foldAll(20, "acme");
const many = foldAll(RECORDS, "acme"); // beyond the bound: each further one closes another
const state = stateAtBound();
const burst = await burstOnEmbedded();

const result: BenchResult = {
  bench: "incidents",
  figures: [
    { name: "fold an alert, 20 incidents open", value: few, unit: "µs" },
    { name: `fold an alert, ${BOUNDS.openOfTenant} open and each one new`, value: many, unit: "µs" },
    { name: `state with ${BOUNDS.open} open incidents`, value: state.mb, unit: "MB" },
    { name: "encoding it whole", value: state.ms, unit: "ms" },
    { name: `${BURST} alerts to durable versions, embedded log`, value: burst.ms, unit: "ms" },
    { name: "notices of these", value: burst.notices, unit: "", goal: { at_most: 5 } },
  ],
};
console.log(JSON.stringify(result));

function anAlert(n: number, keys: number, tenant: string): Alert {
  const credential = `local:key-${n % keys}`;
  const time = new Date(START + n).toISOString();
  const recordId = `01939c5e-7b3a-7000-8000-${String(n).padStart(12, "0")}`;
  return {
    v: 1,
    id: alertId(tenant, "send", `credential=${credential}`, String(n)),
    tenant,
    rule: { id: "send", title: "A secret was read and then sent out", hash: "a".repeat(64) },
    severity: "high",
    time,
    detected_at: time,
    record_id: recordId,
    group: `credential=${credential}`,
    actor: { credential, principal: "p-1", agent: "helper", assurance: "verified", team: "sales" },
    session: { id: `s-${n % keys}`, source: "mcp" },
    target: { server: "mail", tool: "send_email", environment: "production" },
    summary: `${credential} read a private key and then sent it to drop@collector.example`,
    why: "What was read is no longer a secret once it has left.",
    next: ["Change the key.", "Look at what else the session did."],
    evidence: Array.from({ length: EVIDENCE }, (_, index) => ({
      record_id: recordId,
      step: `step ${index}`,
      time,
      server: "files",
      tool: "read_file",
      outcome: "ok",
      note: "the result held ⟨private_key:k1.0123456789abcdef⟩, which the arguments below hold too",
    })),
    response: { revocable: true, scope: "credential", subject: credential },
  };
}

function triageOf(alert: Alert): Triage & { kind: "alert" } {
  const done = { kind: "none", reason: "automatic revocation is off for this rule" } as const;
  return { kind: "alert", alert, done };
}

/** µs for each record. */
function foldAll(keys: number, tenant: string): number {
  const { book } = partitionBook();
  const records = Array.from({ length: RECORDS }, (_, n) => triageOf(anAlert(n, keys, tenant)));
  const started = process.cpuUsage();
  for (const [n, record] of records.entries()) applyFold(book, foldTriage(book, record, START + n));
  const { user, system } = process.cpuUsage(started);
  return (user + system) / RECORDS;
}

function stateAtBound(): { mb: number; ms: number } {
  const { book, state: stored } = partitionBook();
  for (let n = 0; n < BOUNDS.open; n += 1) {
    const alert = anAlert(n, BOUNDS.open, `tenant-${n % 5}`);
    applyFold(book, foldTriage(book, triageOf(alert), START + n));
  }
  const started = performance.now();
  let chars = 0;
  stored.begin(Number.POSITIVE_INFINITY);
  stored.drain(
    ({ key, value }) => {
      chars += key.length + (value?.length ?? 0);
    },
    () => true,
  );
  return { mb: chars / 1e6, ms: performance.now() - started };
}

async function burstOnEmbedded(): Promise<{ ms: number; notices: number }> {
  const directory = mkdtempSync(join(tmpdir(), "tripline-incidents-"));
  const context = createContext({ service: "bench", logLevel: "silent" });
  const log = await openEmbeddedLog({ directory });
  await log.ensureTopics(triplineTopics(1));
  const emissions = Array.from({ length: BURST }, (_, n) => alertEmission(triageOf(anAlert(n, 1, "acme"))));
  const deps = { log, books: new OwnedBooks(), metrics: incidentMetrics(context) };
  const records = { write: () => Promise.resolve() };
  const handle = await runStep({
    log,
    name: "responder-incidents",
    topic: TOPICS.triage,
    open: (partition) => openIncidentStep(partition, { ...deps, records }),
  });
  const written = Promise.withResolvers<void>();
  let notices = 0;
  const reader = await log.consume({
    topic: TOPICS.incidents,
    group: "bench",
    onAssigned: async () => ({
      onBatch: async (batch) => {
        for (const { value, offset } of batch) {
          if (JSON.parse(Buffer.from(value ?? []).toString()).notice !== undefined) notices += 1;
          if (offset === BURST - 1) written.resolve();
        }
      },
    }),
  });
  const started = performance.now();
  await log.produce(
    TOPICS.triage,
    emissions.map(({ topic: _, ...record }) => record),
  );
  await written.promise;
  const ms = performance.now() - started;
  await reader.close();
  await handle.close();
  await log.close();
  rmSync(directory, { recursive: true });
  return { ms, notices };
}
