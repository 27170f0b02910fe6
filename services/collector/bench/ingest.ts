import { type ChildProcess, fork } from "node:child_process";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { revocationKey, TOPICS } from "@tripline/events";
import type { BenchResult } from "../../../bench/result.ts";
import { startCollector } from "../test/running-collector.ts";
import { sampleLine } from "../test/sample-records.ts";

/**
 * Ingest over real HTTP: one sender process that keeps a few batches in flight, the collector here over a log in memory
 * that forgets. Prints JSON: records a second, CPU of this process a record, event-loop delay, and the time from a
 * revocation's append to a client that follows the stream.
 */
const SECONDS = 5;
const WARM_UP_SECONDS = 2;
const BATCH_LINES = 500; // the sender's usual batch
const IN_FLIGHT = 4;
const RESULT_CHARS = 140; // makes a line of 1 KB
const REVOCATIONS = 200;

if (process.send === undefined) await measure();
else await load();

async function measure(): Promise<void> {
  let counted = 0;
  let offset = 0;
  const collector = await startCollector({
    wrap: (log) => ({
      readTable: (topic, onEntry) => log.readTable(topic, onEntry),
      follow: (topic, onEntry) => log.follow(topic, onEntry),
      // Nothing but the collector is measured: each append takes a turn of the event loop and keeps nothing.
      produce: async (topic, records) => {
        await new Promise(setImmediate);
        if (topic === TOPICS.events) counted += records.length;
        return records.map(() => ({ partition: 0, offset: offset++ }));
      },
    }),
  });
  const key = await collector.enrol({ id: "gw", quota: 1_000_000 });
  const sender = fork(fileURLToPath(import.meta.url), [collector.url, key]);
  await delay(WARM_UP_SECONDS);
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  const start = { counted, cpu: process.cpuUsage(), at: performance.now() };
  await delay(SECONDS);
  const seconds = (performance.now() - start.at) / 1000;
  const cpu = process.cpuUsage(start.cpu);
  const records = counted - start.counted;
  loop.disable();
  await stop(sender);
  const revocation = await measureRevocations(collector, key);
  await collector.stop();
  const cpuSeconds = (cpu.user + cpu.system) / 1e6;
  const result: BenchResult = {
    bench: "collector, ingest over HTTP",
    figures: [
      { name: "line", value: Buffer.byteLength(sampleLine({ resultChars: RESULT_CHARS })), unit: "B" },
      { name: "taken", value: records / seconds, unit: "records/s" },
      { name: "CPU of the process", value: (cpuSeconds / records) * 1e6, unit: "µs/record" },
      {
        name: "on half a core",
        value: (records / cpuSeconds) * 0.5,
        unit: "records/s",
        goal: { at_least: 15_000 },
      },
      { name: "event-loop delay p99", value: loop.percentile(99) / 1e6, unit: "ms" },
      { name: "revocation to a client p50", value: revocation.p50, unit: "ms" },
      { name: "revocation to a client p99", value: revocation.p99, unit: "ms" },
    ],
  };
  console.log(JSON.stringify(result));
}

async function measureRevocations(
  collector: Awaited<ReturnType<typeof startCollector>>,
  key: string,
): Promise<{ p50: number; p99: number }> {
  const answer = await fetch(`${collector.url}/v1/revocations`, {
    headers: { authorization: `Bearer ${key}` },
  });
  const reader = answer.body?.getReader();
  const took: number[] = [];
  let text = "";
  const readUntil = async (wanted: string): Promise<void> => {
    while (!text.includes(wanted)) {
      const chunk = await reader?.read();
      if (chunk?.value === undefined) throw new Error("the stream of revocations ended");
      text += Buffer.from(chunk.value).toString();
    }
    text = "";
  };
  await readUntil("event: loaded");
  for (let i = 0; i < REVOCATIONS; i++) {
    const entry = {
      v: 1,
      id: `r-${i}.`,
      tenant: "acme",
      scope: "credential",
      subject: "local:demo",
      state: "active",
      reason: "bench",
      by: "policy",
      decided_at: new Date().toISOString(),
      key_id: "r1",
      signature: "c2ln",
    };
    const at = performance.now();
    await collector.log.produce(TOPICS.revocations, [
      { key: revocationKey(entry), value: Buffer.from(JSON.stringify(entry)) },
    ]);
    await readUntil(entry.id);
    took.push(performance.now() - at);
  }
  took.sort((a, b) => a - b);
  const at = (share: number) => round(took[Math.floor(took.length * share)] ?? 0);
  return { p50: at(0.5), p99: at(0.99) };
}

async function load(): Promise<void> {
  const [url = "", key = ""] = process.argv.slice(2);
  const batches = Array.from({ length: 8 }, () =>
    Buffer.from(
      Array.from(
        { length: BATCH_LINES },
        (_, seq) => `${sampleLine({ seq, resultChars: RESULT_CHARS })}\n`,
      ).join(""),
    ),
  );
  let next = 0;
  const one = async (): Promise<never> => {
    for (;;) {
      const answer = await fetch(`${url}/v1/records`, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/x-ndjson" },
        body: batches[next++ % batches.length] ?? "",
      });
      const text = await answer.text();
      if (answer.status !== 200 || !text.includes('"refused":[]')) throw new Error(text);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, one));
}

async function stop(child: ChildProcess): Promise<void> {
  const exited = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await exited;
}

function delay(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
