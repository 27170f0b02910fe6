/**
 * How long a call waits for its verdict: from `begin` to the decision, through a real interceptor over real HTTP, with all
 * shipped rules, on both logs and at two rates. Prints a BenchResult for each as JSON. BENCH_LOG=embedded|kafka, BENCH_SECONDS=n.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type ConnectedInterceptor, connectInterceptor } from "@tripline/interceptor";
import { type LogKind, startInstallation } from "./installation.ts";
import { type BenchResult, quantile } from "./result.ts";

const SECONDS = Number(process.env.BENCH_SECONDS ?? 20);
const WARM_UP_SECONDS = 5;
const RATES = [100, 1_000]; // calls/s, each of which waits
const INTERCEPTORS = 8; // that the calls are spread over
const MAX_MS = 1_000; // far above the default of 50, to see how long it really takes
const DEFAULT_MS = 50;
const TICK_MS = 1;
const TIMER_MS = 2; // a timer may come so much early: such a call had no answer
const READY_MS = 60_000;
const LOGS: readonly LogKind[] = ["embedded", "kafka"];

for (const kind of LOGS) {
  if (process.env.BENCH_LOG !== undefined && process.env.BENCH_LOG !== kind) continue;
  const folder = mkdtempSync(join(tmpdir(), "tripline-hold-"));
  const data = join(folder, "data");
  mkdirSync(data, { mode: 0o700 });
  writeFileSync(join(data, "interceptors.yaml"), `hold:\n  - { tools: ["*"], max_ms: ${MAX_MS} }\n`);
  const installation = await startInstallation(kind, { data });
  const { server } = installation;
  const interceptors: ConnectedInterceptor[] = [];
  try {
    for (let n = 0; n < INTERCEPTORS; n += 1) {
      const { key } = await server.json<{ key: string }>("/v1/producers", {
        method: "POST",
        body: JSON.stringify({ id: `gw-${n}`, issuers: ["local"], quota: 1_000_000 }),
      });
      interceptors.push(
        await connectInterceptor({ url: server.url, ingestKey: key, stateDir: join(folder, `gw-${n}`) }),
      );
    }
    while (interceptors.some(({ denyList }) => denyList.status() !== "fresh")) await delay(10);
    for (const interceptor of interceptors) await answered(interceptor);
    await waits(interceptors, 50, WARM_UP_SECONDS);
    for (const rate of RATES) {
      const { samples, unanswered } = await waits(interceptors, rate, SECONDS);
      const late = samples.filter((ms) => ms > DEFAULT_MS).length + unanswered;
      const result: BenchResult = {
        bench: `a call waits for its verdict, ${kind}, ${rate} calls/s`,
        figures: [
          { name: "calls that waited", value: samples.length + unanswered, unit: "" },
          {
            name: "wait p50",
            value: quantile(samples, 0.5),
            unit: "ms",
            ...(rate === 100 && kind === "embedded" ? { goal: { at_most: 10 } } : {}),
          },
          { name: "wait p99", value: quantile(samples, 0.99), unit: "ms" },
          {
            name: "longer than 50 ms, or never answered",
            value: (late / (samples.length + unanswered)) * 100,
            unit: "%",
          },
        ],
      };
      console.log(JSON.stringify(result));
    }
  } finally {
    for (const interceptor of interceptors) await interceptor.close(0);
    await installation.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Until this interceptor is answered: a new installation first has to announce its rules. */
async function answered(interceptor: ConnectedInterceptor): Promise<void> {
  const deadline = performance.now() + READY_MS;
  for (let n = 0; performance.now() < deadline; n += 1) {
    const samples: number[] = [];
    await call([interceptor], n, samples);
    if (samples.length > 0) return;
    await delay(100);
  }
  throw new Error("no verdict came within a minute");
}

/** Calls that wait, evenly over the interceptors; the waits of those that were answered, in ms. */
async function waits(
  interceptors: readonly ConnectedInterceptor[],
  rate: number,
  seconds: number,
): Promise<{ samples: number[]; unanswered: number }> {
  const samples: number[] = [];
  const before = unansweredBy(interceptors);
  const running: Promise<void>[] = [];
  const started = performance.now();
  for (let begun = 0; begun < rate * seconds; ) {
    const due = Math.min(rate * seconds, Math.floor(((performance.now() - started) * rate) / 1000));
    for (; begun < due; begun += 1) running.push(call(interceptors, begun, samples));
    await delay(TICK_MS);
  }
  await Promise.all(running);
  return { samples, unanswered: unansweredBy(interceptors) - before };
}

async function call(
  interceptors: readonly ConnectedInterceptor[],
  n: number,
  samples: number[],
): Promise<void> {
  const interceptor = interceptors[n % interceptors.length];
  if (interceptor === undefined) return;
  const credential = `local:agent-${n % 200}`;
  const verdict = interceptor.begin({
    caller: { credential, assurance: "asserted" },
    session: { id: `${credential}-1`, source: "mcp" },
    target: { server: "tracker", tool: "update_issue", transport: "in_process" },
    method: "tools/call",
    args: {
      id: n,
      title: `Renewal of contract ${n}`,
      body: "The customer asked for the same terms as last year.",
    },
    canWait: true,
  });
  if (verdict.kind === "deny") return;
  const from = performance.now();
  if (verdict.kind === "hold") {
    await verdict.decided;
    const ms = performance.now() - from;
    if (ms < MAX_MS - TIMER_MS) samples.push(ms);
  }
  verdict.call.end({ outcome: "ok", text: "updated", bytes: 20, items: 1 });
}

function unansweredBy(interceptors: readonly ConnectedInterceptor[]): number {
  return interceptors.reduce((sum, interceptor) => sum + interceptor.stats().unanswered, 0);
}
