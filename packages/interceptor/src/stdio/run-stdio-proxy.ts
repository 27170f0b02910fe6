import { type ChildProcessByStdio, spawn } from "node:child_process";
import { fstatSync } from "node:fs";
import { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import type { OnWarning } from "../core/warnings.ts";
import type { Caller, Interceptor } from "../interceptor.ts";
import { McpTap } from "../mcp/mcp-tap.ts";
import { ClientSide } from "./client-side.ts";
import { ServerSide } from "./server-side.ts";

const FORWARDED_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR2"] as const;
const MAX_WAITING_BYTES = 1024 * 1024; // behind a call that waits for its verdict; then the client's pipe fills
const LAST_OUTPUT_MS = 1_000; // a grandchild may hold the server's output open after the server has ended

export interface StdioProxyOptions {
  interceptor: Interceptor;
  /** The server's command, found on the PATH. It gets this process's environment, unchanged, and its stderr. */
  command: string;
  args: readonly string[];
  /** The server's name, as policies and revocations know it. */
  server: string;
  /** Who uses this proxy. On stdio nothing but the process itself says so. */
  caller: Caller;
  /** Name of the variable that holds the server's own key, for alerts: that key stays alive when a credential is revoked. */
  upstreamEnv?: string | undefined;
  environment?: string | undefined;
  /** Default: this process's own. */
  stdin?: Readable | undefined;
  stdout?: Writable | undefined;
  /** Default true: signals to this process go to the server. */
  forwardSignals?: boolean | undefined;
  onWarning?: OnWarning | undefined;
}

/** How the server ended. */
export interface StdioExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/**
 * Runs an MCP server and stands between it and the client on this process's stdin and stdout: bytes pass unchanged,
 * tool calls are recorded, what is revoked is answered in the server's place. Resolves when the server has ended;
 * rejects with the system's error when it can't be started. Does not close the interceptor.
 */
export async function runStdioProxy(options: StdioProxyOptions): Promise<StdioExit> {
  const stdin = options.stdin ?? process.stdin;
  const stdout = options.stdout ?? ownStdout();
  const child = spawn(options.command, options.args, { stdio: ["pipe", "pipe", "inherit"] });
  const { interceptor } = options;
  const tap = new McpTap({
    interceptor,
    server: options.server,
    transport: "stdio",
    caller: options.caller,
    upstreamEnv: options.upstreamEnv,
    environment: options.environment,
  });
  const serverSide = new ServerSide({ tap, forward: (piece) => stdout.write(piece) });
  const clientSide = new ClientSide({
    tap,
    mayRefuse: () => interceptor.mayRefuse(),
    forward: (pieces) => {
      for (const piece of pieces) child.stdin.write(piece);
    },
    answer: (text) => serverSide.answer(text),
    onIdle: () => {
      if (!child.stdin.writableNeedDrain) stdin.resume();
    },
    onUnread: () =>
      options.onWarning?.({
        code: "TRIPLINE_FRAME_UNREAD",
        message: "a message of the client was too long to be read and is not recorded",
      }),
  });

  connectInput(stdin, child.stdin, clientSide);
  connectOutput(child.stdout, stdout, serverSide);
  const stopForwarding = options.forwardSignals === false ? () => undefined : forwardSignals(child);
  try {
    return await ended(child);
  } finally {
    stopForwarding();
    stdin.pause();
    stdin.removeAllListeners("data");
    serverSide.end();
    tap.closed("the server ended before it answered");
    await flushed(stdout);
  }
}

function connectInput(stdin: Readable, server: Writable, side: ClientSide): void {
  stdin.on("data", (chunk: Buffer) => {
    server.cork();
    side.push(chunk);
    server.uncork();
    if (server.writableNeedDrain || side.waitingBytes > MAX_WAITING_BYTES) stdin.pause();
  });
  server.on("drain", () => {
    if (side.waitingBytes <= MAX_WAITING_BYTES) stdin.resume();
  });
  stdin.on("end", () => side.end(() => server.end()));
  // A server that closed its input says so by ending; a client that is gone ends its side.
  server.on("error", () => stdin.resume());
  stdin.on("error", () => server.end());
}

function connectOutput(server: Readable, stdout: Writable, side: ServerSide): void {
  server.on("data", (chunk: Buffer) => {
    side.push(chunk);
    if (stdout.writableNeedDrain) server.pause();
  });
  stdout.on("drain", () => server.resume());
  // The client is gone: the server shall notice it as it would without a proxy.
  stdout.on("error", () => server.destroy());
}

type Child = ChildProcessByStdio<Writable, Readable, null>;

async function ended(child: Child): Promise<StdioExit> {
  return await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal }));
    child.once("exit", (code, signal) => {
      setTimeout(() => resolve({ code, signal }), LAST_OUTPUT_MS).unref();
    });
  });
}

function forwardSignals(child: Child): () => void {
  const forward = (signal: NodeJS.Signals): void => {
    child.kill(signal);
  };
  for (const signal of FORWARDED_SIGNALS) process.on(signal, forward);
  return () => {
    for (const signal of FORWARDED_SIGNALS) process.off(signal, forward);
  };
}

async function flushed(stdout: Writable): Promise<void> {
  if (stdout.writableLength === 0 || stdout.destroyed) return;
  await new Promise<void>((resolve) => {
    stdout.write("", () => resolve());
    stdout.once("error", () => resolve());
  });
}

/**
 * Node writes to a piped stdout synchronously: a client that does not read would then stop us from reading what it
 * writes. A socket on the same descriptor waits without blocking.
 */
function ownStdout(): Writable {
  const kind = fstatSync(1);
  return kind.isFIFO() || kind.isSocket()
    ? new Socket({ fd: 1, readable: false, writable: true })
    : process.stdout;
}

/** Ends this process as the server ended: with its exit code, or by its signal. */
export function exitLike({ code, signal }: StdioExit): void {
  if (signal !== null) process.kill(process.pid, signal);
  process.exitCode = code ?? 1;
}
