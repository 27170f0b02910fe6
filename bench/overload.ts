/**
 * A minute of three times what the machine can do, on the embedded default: two interceptors call as fast as they may, a
 * third calls now and then and measures, someone asks the console. Prints a BenchResult as JSON.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { overload } from "../test/faults/harness/overload.ts";
import { startStandaloneInstallation } from "../test/faults/harness/standalone-installation.ts";
import { type BenchResult, quantile } from "./result.ts";

const PORT = 24_575;
const SECONDS = Number(process.env.BENCH_SECONDS ?? 60);
const IDLE_SECONDS = 10;
const CALLS_PER_SECOND = Number(process.env.BENCH_RATE ?? 12_000); // of each of two; what is too much for the machine they leave out
/** Usable: a page of calls in a second, as a person waits for a page without losing the thread. */
const CONSOLE_P99_MS = 1_000;

const directory = mkdtempSync(join(tmpdir(), "tripline-overload-"));
const installation = await startStandaloneInstallation({
  directory,
  port: PORT,
  env: { NODE_OPTIONS: "--max-semi-space-size=32" },
});
try {
  const result = await overload({
    installation,
    directory,
    idleSeconds: IDLE_SECONDS,
    seconds: SECONDS,
    loaders: 2,
    callsPerSecond: CALLS_PER_SECOND,
  });
  const { idle, loaded, loaders, goodbyes, console: asked, memory } = result;
  const flat = (samples: readonly number[]): number => quarter(samples, 3) / quarter(samples, 1);
  const lost = goodbyes.reduce((sum, { dropped }) => sum + dropped, 0) + result.missing;
  const bench: BenchResult = {
    bench: "overload, embedded",
    figures: [
      { name: "offered", value: result.offeredPerSecond, unit: "records/s" },
      { name: "stored meanwhile", value: result.storedPerSecond, unit: "records/s" },
      {
        name: "offered over stored",
        value: result.offeredPerSecond / result.storedPerSecond,
        unit: "ratio",
        goal: { at_least: 3 },
      },
      {
        name: "in the spools at the end",
        value: loaders.reduce((sum, { spoolBytes }) => sum + spoolBytes, 0) / 2 ** 20,
        unit: "MiB",
      },
      { name: "all stored after", value: result.drainSeconds, unit: "s" },
      { name: "lost", value: lost, unit: "records", goal: { at_most: 0 } },
      {
        name: "rows too many or too few",
        value: Math.abs(result.rows - result.records),
        unit: "",
        goal: { at_most: 0 },
      },
      { name: "a call, idle p50", value: idle.p50, unit: "µs" },
      { name: "a call, overload p50", value: loaded.p50, unit: "µs" },
      {
        name: "a call, overload over idle p50",
        value: loaded.p50 / idle.p50,
        unit: "ratio",
        goal: { at_most: 1.5 },
      },
      { name: "a call, idle p99", value: idle.p99, unit: "µs" },
      { name: "a call, overload p99", value: loaded.p99, unit: "µs" },
      { name: "console, idle p99", value: quantile(asked.idle, 0.99), unit: "ms" },
      { name: "console, overload p50", value: quantile(asked.loaded, 0.5), unit: "ms" },
      {
        name: "console, overload p99",
        value: quantile(asked.loaded, 0.99),
        unit: "ms",
        goal: { at_most: CONSOLE_P99_MS },
      },
      { name: "console, failed answers", value: asked.failed, unit: "", goal: { at_most: 0 } },
      { name: "service's memory, last quarter", value: quarter(memory, 3), unit: "MiB" },
      {
        name: "service's memory, last quarter over second",
        value: flat(memory),
        unit: "ratio",
        goal: { at_most: 1.15 },
      },
      {
        name: "an interceptor's memory, last quarter over second",
        value: Math.max(...loaders.map((loader) => flat(loader.memory))),
        unit: "ratio",
        goal: { at_most: 1.15 },
      },
    ],
  };
  console.log(JSON.stringify(bench));
} finally {
  await installation.dispose();
  rmSync(directory, { recursive: true, force: true });
}

/** The median of a quarter of the samples, counted from 0. */
function quarter(samples: readonly number[], n: number): number {
  const part = samples.slice(Math.floor((samples.length * n) / 4), Math.ceil((samples.length * (n + 1)) / 4));
  return quantile(part, 0.5);
}
