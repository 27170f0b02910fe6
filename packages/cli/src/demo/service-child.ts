import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { type ClientFile, readClientFile } from "../connection/client-file.ts";
import { CommandFailed, EXIT } from "../exit.ts";

const STANDALONE = fileURLToPath(new URL("../../../../services/standalone/src/main.ts", import.meta.url));
const READY_TIMEOUT_MS = 60_000; // seconds on an idle machine; the first start lays out the store
const POLL_MS = 100;
const STOP_TIMEOUT_MS = 20_000;

export interface ServiceChild {
  client: ClientFile;
  stop(): Promise<void>;
}

/** Starts the whole service as a child on a data directory of its own, and waits until it is ready. */
export async function startService(
  options: { data: string; port: number; env: Readonly<Record<string, string | undefined>> },
  signal: AbortSignal,
): Promise<ServiceChild> {
  if (!existsSync(STANDALONE)) {
    throw new CommandFailed(
      EXIT.failure,
      "the demo needs the whole project: run it in a checkout, or give --url",
    );
  }
  const child = spawn(
    process.execPath,
    [STANDALONE, "--data", options.data, "--port", String(options.port)],
    {
      env: { TRIPLINE_LOG_LEVEL: "warn", ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    },
  );
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said = `${said}${text}`.slice(-4_000);
    });
  }
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (!signal.aborted) {
    if (child.exitCode !== null) {
      throw new CommandFailed(EXIT.failure, `the service did not start: ${lastWords(said)}`);
    }
    const client = readClientFile(options.data);
    if (client !== null && (await isReady(client.url))) return { client, stop: () => stop(child) };
    if (Date.now() > deadline) {
      await stop(child);
      throw new CommandFailed(EXIT.failure, `the service was not ready in time: ${lastWords(said)}`);
    }
    await delay(POLL_MS);
  }
  await stop(child);
  throw new CommandFailed(EXIT.failure, "interrupted");
}

const logLine = z.looseObject({ msg: z.string(), err: z.looseObject({ message: z.string() }).optional() });

/** What the service said last, without the rest of its log line. */
function lastWords(said: string): string {
  const line = said.trim().split("\n").at(-1) ?? "";
  try {
    const { msg, err } = logLine.parse(JSON.parse(line));
    return err?.message ?? msg;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return line;
    throw error;
  }
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health`)).ok;
  } catch (error) {
    if (error instanceof TypeError) return false; // fetch's way to say that nothing listens there yet
    throw error;
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const force = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(force);
}
