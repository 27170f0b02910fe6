/**
 * What the stdio proxy adds to a call: round trips of 1 KB to an echo server, direct and through the proxy in turns.
 * `node bench/stdio-proxy.ts` prints JSON; all times in microseconds.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { quantiles } from "./quantiles.ts";

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
const [before, after] = [quantiles(times.direct), quantiles(times.proxied)];
console.log(
  JSON.stringify(
    {
      direct: before,
      proxied: after,
      added_median: Math.round(((after.median ?? 0) - (before.median ?? 0)) * 10) / 10,
      records,
    },
    null,
    2,
  ),
);
