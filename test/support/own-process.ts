import { type ChildProcess, spawn } from "node:child_process";

const ROOT = new URL("../..", import.meta.url).pathname;

export const STANDALONE = `${ROOT}services/standalone/src/main.ts`;

/** A program of ours in a process of its own, with all that it prints. */
export interface OwnProcess {
  child: ChildProcess;
  /** Both streams, as they came. */
  output(): string;
  /** Whole lines of standard output. */
  lines(): string[];
  /** Its exit code; null when a signal ended it. */
  exited: Promise<number | null>;
  running(): boolean;
  /** Sends the signal (default SIGKILL) and resolves with `exited`. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Runs `file` (TypeScript) with this Node.js. Whoever starts it ends it. */
export function startProcess(
  file: string,
  options: { args?: readonly string[]; env?: Readonly<Record<string, string>> } = {},
): OwnProcess {
  const child = spawn(process.execPath, [file, ...(options.args ?? [])], {
    cwd: ROOT,
    env: { ...process.env, UV_THREADPOOL_SIZE: "16", TRIPLINE_LOG_LEVEL: "warn", ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let rest = "";
  const lines: string[] = [];
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts);
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  // `close` and not `exit`: what was printed before the end has then been read.
  const exited = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));
  const running = (): boolean => child.exitCode === null && child.signalCode === null;
  return {
    child,
    output: () => output,
    lines: () => lines,
    exited,
    running,
    end: (signal = "SIGKILL") => {
      if (running()) child.kill(signal);
      return exited;
    },
  };
}
