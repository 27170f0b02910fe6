/**
 * Sustained rate of 1 KB records from the collector to queryable, on the embedded default with all shipped rules:
 * what one process carries while the load comes from another. Prints a BenchResult as JSON.
 */
import { fork } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { startStandalone } from "../test/support/standalone.ts";
import { type BenchResult, quantile } from "./result.ts";

const SECONDS = Number(process.env.BENCH_SECONDS ?? 30);
const RATE = Number(process.env.BENCH_RATE ?? 11_000); // records/s offered: a little above the goal
const QUERYABLE_TIMEOUT_MS = 120_000;
const API_EVERY_MS = 500;

interface Sent {
  records: number;
  lastId: string;
  startedAt: number;
  endedAt: number;
}

const server = await startStandalone();
try {
  const { key } = await server.json<{ key: string }>("/v1/producers", {
    method: "POST",
    body: JSON.stringify({ id: "bench", issuers: ["local"], quota: 1_000_000 }),
  });

  const apiMs: number[] = [];
  const memory: number[] = [];
  const loopP99: number[] = [];
  let loading = true;
  const watching = (async () => {
    while (loading) {
      const started = performance.now();
      const response = await server.request("/api/calls?limit=50");
      await response.text();
      if (!response.ok) throw new Error(`the API answered ${response.status} under load`);
      apiMs.push(performance.now() - started);
      const metrics = await server.metrics("nodejs_eventloop_lag_p99_seconds");
      memory.push(anonymousMiB(server.child.pid));
      loopP99.push((metrics.nodejs_eventloop_lag_p99_seconds ?? 0) * 1000);
      await delay(API_EVERY_MS);
    }
  })();

  const cpuBefore = (await server.metrics("process_cpu_seconds_total")).process_cpu_seconds_total ?? 0;
  const sent = await new Promise<Sent>((resolve, reject) => {
    const sender = fork(new URL("./pipeline-sender.ts", import.meta.url), [
      server.url,
      key,
      String(SECONDS),
      String(RATE),
    ]);
    sender.once("message", (message) => resolve(message as Sent));
    sender.once("exit", (code) => reject(new Error(`the load ended with ${code}`)));
  });
  const deadline = Date.now() + QUERYABLE_TIMEOUT_MS;
  while (!(await server.request(`/api/calls/${sent.lastId}`)).ok) {
    if (Date.now() > deadline) throw new Error("the last record never became queryable");
    await delay(20);
  }
  const queryableAt = Date.now();
  loading = false;
  await watching;
  const cpu =
    ((await server.metrics("process_cpu_seconds_total")).process_cpu_seconds_total ?? 0) - cpuBefore;

  const quarter = (n: number): number =>
    quantile(
      memory.slice(Math.floor((memory.length * n) / 4), Math.ceil((memory.length * (n + 1)) / 4)),
      0.5,
    );
  const result: BenchResult = {
    bench: "pipeline, embedded",
    figures: [
      { name: "records sent", value: sent.records, unit: "" },
      {
        name: "collector to queryable, sustained",
        value: (sent.records / (queryableAt - sent.startedAt)) * 1000,
        unit: "records/s",
        goal: { at_least: 10_000 },
      },
      { name: "last record queryable after", value: queryableAt - sent.endedAt, unit: "ms" },
      { name: "CPU of the process", value: (cpu / sent.records) * 1e6, unit: "µs/record" },
      {
        name: "event-loop delay p99, median of samples",
        value: quantile(loopP99, 0.5),
        unit: "ms",
        goal: { at_most: 50 },
      },
      { name: "event-loop delay p99, worst sample", value: Math.max(...loopP99), unit: "ms" },
      { name: "API under load p50", value: quantile(apiMs, 0.5), unit: "ms" },
      { name: "API under load p99", value: quantile(apiMs, 0.99), unit: "ms" },
      {
        name: "memory, last quarter over second",
        value: quarter(3) / quarter(1),
        unit: "ratio",
        goal: { at_most: 1.15 },
      },
      { name: "memory, last quarter", value: quarter(3), unit: "MiB" },
    ],
  };
  console.log(JSON.stringify(result));
} finally {
  await server.dispose();
}

/** Memory of its own: the embedded log's mapped file, which the kernel may drop at any time, does not count. */
function anonymousMiB(pid: number | undefined): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/RssAnon:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}
