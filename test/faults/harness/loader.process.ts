/**
 * An interceptor that calls at a steady rate and measures what a call costs its caller. Without ids on the wire: its boot
 * and how many records it made say what must be stored. Told by messages: a rate in calls/s, or `finish`; answers with
 * `measured` after each rate change and `goodbye` at the end.
 */
import { readFileSync } from "node:fs";
import { connectInterceptor } from "@tripline/interceptor";

const TICK_MS = 10;
const MAX_BEHIND_TICKS = 3; // what a busy machine did not let it call is not caught up with
const SAMPLE_EVERY_MS = 500;
const MAX_SAMPLES = 50_000;
const SPOOL_BYTES = 8 * 2 ** 30; // a minute at any rate this machine can make
const CLOSE_TIMEOUT_MS = 15 * 60_000;
const TEXT = "quarterly report revenue invoice meeting draft agenda customer order shipment ".repeat(6);

/** What a stretch at one rate cost. */
export interface Measured {
  calls: number;
  seconds: number;
  /** µs of `begin` and `end` together */
  p50: number;
  p99: number;
  /** MiB of memory of its own, over the stretch */
  memory: number[];
  spoolBytes: number;
}
export interface Goodbye {
  boot: string;
  records: number;
  dropped: number;
}

const env = (name: string): string => process.env[name] ?? "";
const interceptor = await connectInterceptor({
  url: env("TRIPLINE_URL"),
  ingestKey: env("TRIPLINE_INGEST_KEY"),
  stateDir: env("STATE_DIR"),
  tenant: env("TENANT"),
  producer: env("PRODUCER"),
  maxSpoolBytes: SPOOL_BYTES,
  onWarning: () => undefined,
});
let perTick = 0;
let due = 0;
let calls = 0;
let spent: number[] = [];
let memory: number[] = [];
let since = performance.now();
let number = 0;

function call(): void {
  number += 1;
  const credential = `local:${env("PRODUCER")}-${number % 50}`;
  const started = performance.now();
  const verdict = interceptor.begin({
    caller: { credential, assurance: "asserted" },
    session: { id: `of ${credential}`, source: "conversation" },
    target: { server: "load", tool: "send_note", transport: "in_process" },
    method: "tools/call",
    args: { number },
  });
  if (verdict.kind === "allow") verdict.call.end({ outcome: "ok", text: TEXT, bytes: TEXT.length, items: 1 });
  const us = (performance.now() - started) * 1000;
  if (spent.length < MAX_SAMPLES) spent.push(us);
  else spent[Math.floor(Math.random() * MAX_SAMPLES)] = us;
  calls += 1;
}

const ticking = setInterval(() => {
  due = Math.min(due + perTick, perTick * MAX_BEHIND_TICKS);
  for (; due >= 1; due--) call();
}, TICK_MS);
const sampling = setInterval(() => memory.push(anonymousMib()), SAMPLE_EVERY_MS);

function measured(): Measured {
  const sorted = [...spent].sort((a, b) => a - b);
  const result = {
    calls,
    seconds: (performance.now() - since) / 1000,
    p50: sorted[Math.floor(sorted.length * 0.5)] ?? 0,
    p99: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
    memory,
    spoolBytes: interceptor.stats().spoolBytes,
  };
  calls = 0;
  spent = [];
  memory = [];
  since = performance.now();
  return result;
}

process.on("message", (told: { callsPerSecond: number } | "finish") => {
  if (told !== "finish") {
    process.send?.({ measured: measured() });
    perTick = (told.callsPerSecond * TICK_MS) / 1000;
    return;
  }
  clearInterval(ticking);
  clearInterval(sampling);
  void interceptor.close(CLOSE_TIMEOUT_MS).then(() => {
    const { boot, records, dropped } = interceptor.stats();
    const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
    process.send?.({ goodbye: { boot, records, dropped: lost } satisfies Goodbye }, () => process.exit(0));
  });
});

function anonymousMib(): number {
  const status = readFileSync("/proc/self/status", "utf8");
  return Number(/RssAnon:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

process.send?.({ ready: true });
