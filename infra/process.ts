import { type ChildProcess, spawn } from "node:child_process";
import { openSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

const STOP_TIMEOUT_MS = 20_000;
const POLL_MS = 100;

/** A server that was started for tests. */
export interface Running {
  readonly pid: number;
  /** Ends it in good order; by force when that takes too long. */
  stop(): Promise<void>;
}

/**
 * Starts a server whose output goes to the file `output`, and resolves when it answers at `url` with a status below 500.
 * @throws Error with the end of its output when it ends or stays silent
 */
export async function startServer(options: {
  command: string;
  args: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  cwd?: string;
  output: string;
  url: string;
  timeoutMs: number;
}): Promise<Running> {
  const { command, args, env, cwd, output, url, timeoutMs } = options;
  const descriptor = openSync(output, "a");
  const child = spawn(command, args, { env: { ...env }, cwd, stdio: ["ignore", descriptor, descriptor] });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const deadline = Date.now() + timeoutMs;
  while (!(await answers(url))) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`${command} ended at its start:\n${tail(output)}`);
    }
    if (Date.now() > deadline) {
      child.kill("SIGKILL");
      throw new Error(`${command} did not answer at ${url} in time:\n${tail(output)}`);
    }
    await delay(POLL_MS);
  }
  return { pid: child.pid ?? 0, stop: () => end(child, exited) };
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5000) });
    await response.body?.cancel();
    return response.status < 500;
  } catch (error) {
    if (error instanceof Error) return false; // not there yet
    throw error;
  }
}

async function end(child: ChildProcess, exited: Promise<void>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
  await exited;
  clearTimeout(timer);
}

function tail(file: string): string {
  return readFileSync(file, "utf8").split("\n").slice(-20).join("\n");
}
