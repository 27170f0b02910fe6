import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

const START_TIMEOUT_MS = 60_000;

/** A standalone of its own on a fresh data directory, with access to everything. */
export interface BenchServer {
  url: string;
  data: string;
  adminToken: string;
  request(path: string, init?: RequestInit): Promise<Response>;
  /** Current values of the metrics whose names are asked for, summed over labels. */
  metrics(...names: string[]): Promise<Record<string, number>>;
  stop(): Promise<void>;
}

export async function startServer(port: number, env: Record<string, string> = {}): Promise<BenchServer> {
  const data = mkdtempSync(join(tmpdir(), "tripline-bench-"));
  const child = spawn("npm", ["start", "--silent", "--", "--data", data, "--port", String(port)], {
    cwd: new URL("..", import.meta.url),
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", "inherit"],
    detached: true,
  });
  const url = `http://127.0.0.1:${port}`;
  await untilReady(child, url);
  const client: { token: string } = JSON.parse(readFileSync(join(data, "client.json"), "utf8"));
  const request = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${url}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${client.token}`, ...init.headers },
    });
  return {
    url,
    data,
    adminToken: client.token,
    request,
    async metrics(...names) {
      const text = await (await request("/metrics")).text();
      return Object.fromEntries(names.map((name) => [name, sumOf(text, name)]));
    },
    async stop() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      if (child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
      await ended;
      rmSync(data, { recursive: true, force: true });
    },
  };
}

async function untilReady(child: ChildProcess, url: string): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    if (child.exitCode !== null)
      throw new Error(`the server ended with ${child.exitCode} before it was ready`);
    const ready = await fetch(`${url}/health`).then(
      (response) => response.ok,
      () => false,
    );
    if (ready) return;
    if (Date.now() > deadline) throw new Error("the server was not ready in time");
    await delay(50);
  }
}

function sumOf(text: string, name: string): number {
  let sum = 0;
  for (const line of text.split("\n")) {
    if (line.startsWith(name) && /[ {]/.test(line[name.length] ?? ""))
      sum += Number(line.slice(line.lastIndexOf(" ")));
  }
  return sum;
}
