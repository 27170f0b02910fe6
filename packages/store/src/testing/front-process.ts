import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { FrontFault } from "./front-faults.ts";

const CHILD = new URL("./front-child.ts", import.meta.url).pathname;

/** A ClickHouse that other processes can reach, and that can be killed and started again over the same directory. */
export interface FrontProcess {
  readonly url: string;
  /** Starts it where it does not run; resolves when it answers. */
  start(): Promise<void>;
  inject(faults: readonly FrontFault[]): Promise<void>;
  /** The statements that the engine was given since it was started, without their rows. */
  statements(): Promise<string[]>;
  /** Resolves when the process has ended by itself. */
  ended(): Promise<void>;
  /** kill -9. */
  kill(): Promise<void>;
}

export function frontProcess(directory: string, port: number): FrontProcess {
  const url = `http://127.0.0.1:${port}`;
  let child: ChildProcess | null = null;

  async function ended(): Promise<void> {
    if (child !== null && child.exitCode === null && child.signalCode === null) await once(child, "exit");
    child = null;
  }

  return {
    url,
    async start() {
      child = spawn(process.execPath, [CHILD, directory, String(port)], {
        stdio: ["ignore", "pipe", "inherit"],
        env: { ...process.env, UV_THREADPOOL_SIZE: "16" },
      });
      const exited = once(child, "exit").then(() => {
        throw new Error("the front ended at its start");
      });
      if (child.stdout !== null) await Promise.race([once(child.stdout, "data"), exited]);
      exited.catch(() => undefined); // it may end later as it likes
    },
    async inject(faults) {
      await fetch(`${url}/front`, { method: "PUT", body: JSON.stringify(faults) });
    },
    async statements() {
      const answer = await fetch(`${url}/front`);
      const run: unknown = await answer.json();
      return Array.isArray(run) ? run.map(String) : [];
    },
    ended,
    async kill() {
      child?.kill("SIGKILL");
      await ended();
    },
  };
}
