import { fork } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { cpuTime, cpuUsed } from "./cpu-time.ts";
import { type LogKind, startInstallation } from "./installation.ts";
import type { BenchResult } from "./result.ts";

const CORES = 2; // of the machine that the goals are about
const WARM_UP_S = 5; // the code is compiled, the pages of the store are there
const SECONDS = Number(process.env.BENCH_SECONDS ?? 20);
const RATE = Number(process.env.BENCH_RATE ?? 60_000); // offered: more than can be taken, so that refusals set the pace
const STORED_TIMEOUT_MS = 180_000;
const LOOK_EVERY_MS = 200; // each look costs some ms; it adds a hundredth to the time
const MICROSECONDS = 1e6;

interface Sent {
  records: number;
  startedAt: number;
  endedAt: number;
  /** CPU time of the load generator, µs. */
  cpu: number;
}

/**
 * The most that one installation carries from producer to queryable, judged by all shipped rules, with the load generator
 * on the same cores. Beside the rate by the clock, which the generator and everything else on the machine slow down, the
 * CPU time that each process takes for a record, and the rate which that allows on two cores that do nothing else: as far
 * as both cores reach, and as the busiest thread reaches, which can't be on two.
 */
export async function measureCapacity(kind: LogKind, goal: number): Promise<BenchResult> {
  const { server, broker, dispose } = await startInstallation(kind);
  try {
    const { key } = await server.json<{ key: string }>("/v1/producers", {
      method: "POST",
      body: JSON.stringify({ id: "bench", issuers: ["local"], quota: 1_000_000 }),
    });
    const send = (seconds: number): Promise<Sent> =>
      new Promise((resolve, reject) => {
        const sender = fork(new URL("./pipeline-sender.ts", import.meta.url), [
          server.url,
          key,
          String(seconds),
          String(RATE),
        ]);
        sender.once("message", (message) => resolve(message as Sent));
        sender.once("exit", (code) => reject(new Error(`the load ended with ${code}`)));
      });
    let records = 0;
    const done = async (): Promise<void> => {
      const deadline = Date.now() + STORED_TIMEOUT_MS;
      for (;;) {
        const metrics = await (await server.request("/metrics")).text();
        const counts = [STORED, JUDGED].map((series) => sumOf(metrics, series));
        if (counts.every((count) => count >= records)) return;
        if (Date.now() > deadline)
          throw new Error(`of ${records} only ${counts.join(" and ")} were stored and judged`);
        await delay(LOOK_EVERY_MS);
      }
    };
    records += (await send(WARM_UP_S)).records;
    await done();
    const before = {
      server: cpuTime(server.child.pid),
      broker: broker === null ? null : cpuTime(broker.pid),
    };
    const sent = await send(SECONDS);
    records += sent.records;
    await done();
    const elapsed = (Date.now() - sent.startedAt) / 1000;
    const each = (us: number): number => us / sent.records;
    const tripline = cpuUsed(before.server, cpuTime(server.child.pid));
    const beside =
      before.broker === null || broker === null ? 0 : cpuUsed(before.broker, cpuTime(broker.pid)).total;
    const byCores = (CORES * MICROSECONDS) / each(tripline.total + beside);
    const byThread = MICROSECONDS / each(tripline.busiestThread);
    return {
      bench: `capacity, ${kind}`,
      figures: [
        { name: "records sent", value: sent.records, unit: "" },
        {
          name: "producer to queryable, by the clock",
          value: sent.records / elapsed,
          unit: "records/s",
          ...(kind === "kafka" ? { goal: { at_least: goal } } : {}),
        },
        {
          name: "two cores without the load generator, computed",
          value: Math.min(byCores, byThread),
          unit: "records/s",
          goal: { at_least: goal },
        },
        { name: "… as far as both cores reach", value: byCores, unit: "records/s" },
        { name: "… as far as the busiest thread reaches", value: byThread, unit: "records/s" },
        {
          name: "stored and judged after the last was sent",
          value: (Date.now() - sent.endedAt) / 1000,
          unit: "s",
        },
        { name: "CPU of Tripline", value: each(tripline.total), unit: "µs/record" },
        { name: "CPU of its busiest thread", value: each(tripline.busiestThread), unit: "µs/record" },
        ...(broker === null ? [] : [{ name: "CPU of the broker", value: each(beside), unit: "µs/record" }]),
        { name: "CPU of the load generator", value: each(sent.cpu), unit: "µs/record" },
      ],
    };
  } finally {
    await dispose();
  }
}

const STORED = 'tripline_archiver_rows_total{table="records"';
const JUDGED = 'tripline_detector_records_total{stage="detector"';

function sumOf(metrics: string, series: string): number {
  const lines = metrics.split("\n").filter((line) => line.startsWith(series));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}
