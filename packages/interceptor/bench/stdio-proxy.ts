/**
 * What the stdio proxy adds to a call: round trips of 1 KB to an echo server, direct and through the proxy in turns.
 * Prints a BenchResult as JSON.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BenchResult, quantile } from "../../../bench/result.ts";

const CALLS = 3_000;
const WARM_UP = 300;
const ROUNDS = 3;

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const stateDir = mkdtempSync(join(tmpdir(), "tripline-bench-"));
const PORT = 20_390;
const url = `http://127.0.0.1:${PORT}`;
const sink = spawn(process.execPath, [path("./sink.ts"), String(PORT)], {
  stdio: ["ignore", "pipe", "inherit"],
});
await new Promise((resolve) => sink.stdout.once("data", resolve));
const direct = [process.execPath, path("./echo-server.ts")];
const proxied = [
  process.execPath,
  path("../test/support/proxy-main.ts"),
  JSON.stringify({ url, ingestKey: "tlp_bench", stateDir }),
  ...direct,
];

async function roundTrips([command = "", ...args]: string[]): Promise<number[]> {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "ignore"] });
  const times: number[] = [];
  for (let id = 0; id < CALLS + WARM_UP; id += 1) {
    const started = performance.now();
    await roundTrip(child, id);
    if (id >= WARM_UP) times.push((performance.now() - started) * 1000);
  }
  child.stdin?.end();
  await new Promise((resolve) => child.once("exit", resolve));
  return times;
}

async function roundTrip(child: ChildProcess, id: number): Promise<void> {
  const params = { name: "echo", arguments: { path: "/srv/report.txt", note: "x".repeat(450) } };
  child.stdin?.write(`${JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params })}\n`);
  await new Promise<void>((resolve) => {
    child.stdout?.once("data", () => resolve());
  });
}

const times = { direct: [] as number[], proxied: [] as number[] };
for (let round = 0; round < ROUNDS; round += 1) {
  times.direct.push(...(await roundTrips(direct)));
  times.proxied.push(...(await roundTrips(proxied)));
}
const records = Number(await (await fetch(`${url}/lines`)).text());
sink.kill();
rmSync(stateDir, { recursive: true, force: true });
const median = { direct: quantile(times.direct, 0.5), proxied: quantile(times.proxied, 0.5) };
const result: BenchResult = {
  bench: "stdio proxy: round trip of 1 KB to an echo server",
  figures: [
    { name: "direct, median", value: median.direct, unit: "µs" },
    { name: "through the proxy, median", value: median.proxied, unit: "µs" },
    { name: "added, median", value: median.proxied - median.direct, unit: "µs", goal: { at_most: 300 } },
    { name: "through the proxy, p99", value: quantile(times.proxied, 0.99), unit: "µs" },
    { name: "records that arrived", value: records, unit: "" },
  ],
};
console.log(JSON.stringify(result));
