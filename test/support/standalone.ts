import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitFor } from "./wait-for.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const READY_TIMEOUT_MS = 60_000; // seconds on an idle machine; CI runs several test files at once
const STOP_TIMEOUT_MS = 30_000;

export interface StandaloneOptions {
  /** Default: a free port. */
  port?: number;
  /** Default: a fresh directory, removed by `dispose`. */
  data?: string;
  env?: Record<string, string>;
  flags?: string[];
}

/** `npm start` as a child process, as an operator would start it, on a data directory of its own. */
export interface Standalone {
  url: string;
  data: string;
  /** What it printed so far. */
  output(): string;
  /** As the administrator. */
  request(path: string, init?: RequestInit): Promise<Response>;
  /** `request` for JSON: throws unless the answer is 2xx. */
  json<T>(path: string, init?: RequestInit): Promise<T>;
  /** Current values of metrics by name, summed over labels. */
  metrics(...names: string[]): Promise<Record<string, number>>;
  client: { url: string; token: string; ingest_key: string };
  child: ChildProcess;
  /** Ends it and resolves with its exit code (null after SIGKILL). */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  /** Stops it if it runs, and removes its data. */
  dispose(): Promise<void>;
}

export async function startStandalone(options: StandaloneOptions = {}): Promise<Standalone> {
  const data = options.data ?? mkdtempSync(join(tmpdir(), "tripline-"));
  const flags = ["--data", data, "--port", String(options.port ?? 0), ...(options.flags ?? [])];
  const child = spawn(
    process.execPath,
    ["--max-semi-space-size=32", join(ROOT, "services/standalone/src/main.ts"), ...flags],
    {
      cwd: ROOT,
      env: { ...process.env, UV_THREADPOOL_SIZE: "16", TRIPLINE_LOG_LEVEL: "warn", ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const exited = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  const running = (): boolean => child.exitCode === null && child.signalCode === null;

  const ended = exited.then((code): never => {
    throw new Error(`it ended with ${code}`);
  });
  ended.catch(() => undefined); // heard of below, and not again once it was ready
  const ready = waitFor(
    async () => {
      // Out of what it says when all is there: a log line may name the address earlier.
      const found = /Console +(http:\/\/127\.0\.0\.1:\d+)/.exec(output)?.[1];
      return found !== undefined && (await fetch(`${found}/health`)).ok ? found : false;
    },
    { timeoutMs: READY_TIMEOUT_MS, what: "the standalone to be ready" },
  );
  const url = await Promise.race([ready, ended]).catch((error: unknown) => {
    child.kill("SIGKILL");
    throw new Error(`the standalone did not start:\n${output}`, { cause: error });
  });
  const client = JSON.parse(readFileSync(join(data, "client.json"), "utf8"));

  const request = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${url}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${client.token}`, ...init.headers },
    });
  const stop = async (signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> => {
    if (running()) child.kill(signal);
    const forced = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    const code = await exited;
    clearTimeout(forced);
    return code;
  };

  return {
    url,
    data,
    client,
    child,
    request,
    stop,
    output: () => output,
    async json<T>(path: string, init: RequestInit = {}) {
      const headers =
        init.body === undefined ? init.headers : { "content-type": "application/json", ...init.headers };
      const response = await request(path, headers === undefined ? init : { ...init, headers });
      const text = await response.text();
      if (!response.ok)
        throw new Error(`${init.method ?? "GET"} ${path} answered ${response.status}: ${text}`);
      return JSON.parse(text) as T;
    },
    async metrics(...names) {
      const text = await (await request("/metrics")).text();
      return Object.fromEntries(names.map((name) => [name, sumOf(text, name)]));
    },
    async dispose() {
      if (running()) await stop();
      if (options.data === undefined) rmSync(data, { recursive: true, force: true });
    },
  };
}

function sumOf(metrics: string, name: string): number {
  let sum = 0;
  for (const line of metrics.split("\n")) {
    if (line.startsWith(name) && /[ {]/.test(line[name.length] ?? ""))
      sum += Number(line.slice(line.lastIndexOf(" ")));
  }
  return sum;
}
