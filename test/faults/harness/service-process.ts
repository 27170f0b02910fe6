import { type OwnProcess, startProcess } from "../../support/own-process.ts";
import { waitFor } from "../../support/wait-for.ts";

const READY_TIMEOUT_MS = 90_000; // seconds on an idle machine; a broker that was just killed takes its time too
const STOP_TIMEOUT_MS = 45_000;

/** A service as an operator would start it, that can be killed and started again on the same port. */
export interface ServiceProcess {
  readonly name: string;
  readonly url: string;
  /** Of the process that runs now. */
  readonly pid: number;
  running(): boolean;
  /** Resolves when it is up; `whole` (default) waits until every part is ready. */
  start(until?: "whole" | "alive"): Promise<void>;
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  /** What all its processes printed. */
  output(): string;
}

export function serviceProcess(options: {
  name: string;
  main: string;
  port: number;
  flags: readonly string[];
  env?: Readonly<Record<string, string>>;
}): ServiceProcess {
  const { name, main, port, flags, env = {} } = options;
  const url = `http://127.0.0.1:${port}`;
  let before = "";
  let process: OwnProcess | null = null;

  async function end(signal: NodeJS.Signals): Promise<number | null> {
    if (process === null) return null;
    const late = setTimeout(() => process?.child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    const code = await process.end(signal);
    clearTimeout(late);
    return code;
  }
  const output = (): string => before + (process?.output() ?? "");

  return {
    name,
    url,
    get pid() {
      return process?.child.pid ?? 0;
    },
    running: () => process?.running() === true,
    async start(until = "whole") {
      before = output();
      const started = startProcess(main, { args: ["--port", String(port), ...flags], env });
      process = started;
      const path = until === "whole" ? "/health" : "/health/live";
      await waitFor(
        async () => {
          if (!started.running()) return "ended";
          return (await fetch(`${url}${path}`)).ok;
        },
        { what: `${name} to be ready`, timeoutMs: READY_TIMEOUT_MS },
      ).catch(async (cause: unknown) => {
        await started.end("SIGKILL");
        throw new Error(`${name} was not ready: ${started.output().slice(-4000)}`, { cause });
      });
      if (!started.running()) throw new Error(`${name} ended at its start: ${started.output().slice(-4000)}`);
    },
    kill: async () => void (await end("SIGKILL")),
    stop: () => end("SIGTERM"),
    output,
  };
}
