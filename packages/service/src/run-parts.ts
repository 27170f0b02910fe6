import { setTimeout as delay } from "node:timers/promises";
import { TriplineError } from "@tripline/events";
import type { Logger } from "pino";
import type { Part } from "./part.ts";
import { endingFacts, flushed, sayWhy } from "./say-why.ts";
import { startIsOver } from "./start-errors.ts";

const STOP_TIMEOUT_MS = 15_000; // for each part; container runtimes kill after 30 s in total
const HEALTH_EVERY_MS = 500; // how long a failed part may go unnoticed
const EXIT_OK = 0;
const EXIT_FAILED = 1;
const EXIT_FORCED = 130; // as shells say "ended by a signal"

export interface RunOptions {
  logger: Logger;
  /** Called once, when every part has started: say where the console is. */
  onReady?(): void;
  /** Default 15 s for each part; then it is left behind and the exit code is 1. */
  stopTimeoutMs?: number;
  /** Takes the last line, which says why it ended, when that is known; default: standard error. */
  say?(line: string): void;
  /** Where signals and unhandled errors come from, and how the process ends at once; default: this process. */
  host?: ProcessHost;
}

export interface ProcessHost {
  on(event: string, listener: (value: unknown) => void): unknown;
  off(event: string, listener: (value: unknown) => void): unknown;
  exit(code: number): unknown;
}

/**
 * Starts the parts in order and stops them in reverse order: on SIGINT or SIGTERM (exit code 0), or when a part fails to
 * start, reports `failed`, or an error was handled nowhere (exit code 1). A second signal ends the process at once.
 * Resolves with the exit code when all is stopped: `process.exit(await runParts(…))`.
 */
export async function runParts(parts: readonly Part[], options: RunOptions): Promise<number> {
  const { logger } = options;
  const host = options.host ?? process;
  const stop = stopTrigger(host, logger);
  startIsOver();
  const started: Part[] = [];
  const starting = startAll(parts, started, stop.signal, logger).then(() => {
    if (!stop.signal.aborted) options.onReady?.();
  });
  // A part that hangs while starting must not keep a signal from stopping the others.
  starting.catch((error: unknown) => stop.fail(error));
  const watch = setInterval(() => {
    const failed = started.find((part) => part.health().state === "failed");
    if (failed === undefined) return;
    const detail = failed.health().detail ?? "without saying why";
    stop.fail(new TriplineError("TRIPLINE_PART_FAILED", `${failed.name} failed: ${detail}`));
  }, HEALTH_EVERY_MS);

  const code = await stop.code;
  clearInterval(watch);
  await flushed(logger);
  const clean = await stopAll(started, options.stopTimeoutMs ?? STOP_TIMEOUT_MS, logger);
  stop.release();
  await sayWhy(stop.failure(), logger, options.say);
  return clean ? code : EXIT_FAILED;
}

async function startAll(
  parts: readonly Part[],
  started: Part[],
  signal: AbortSignal,
  logger: Logger,
): Promise<void> {
  for (const part of parts) {
    if (signal.aborted) return;
    const since = performance.now();
    // Before it is ready: what has begun to start holds things that `stop` lets go of.
    started.push(part);
    await part.start();
    logger.debug({ part: part.name, ms: Math.round(performance.now() - since) }, "started");
  }
}

async function stopAll(started: readonly Part[], timeoutMs: number, logger: Logger): Promise<boolean> {
  let clean = true;
  for (const part of [...started].reverse()) {
    const timeout = new AbortController();
    try {
      await Promise.race([
        part.stop(),
        delay(timeoutMs, undefined, { signal: timeout.signal }).then(() => {
          throw new TriplineError(
            "TRIPLINE_STOP_TIMEOUT",
            `${part.name} did not stop within ${timeoutMs} ms`,
          );
        }),
      ]);
      logger.debug({ part: part.name }, "stopped");
    } catch (error) {
      clean = false;
      logger.error({ err: error, part: part.name }, "could not be stopped");
    } finally {
      timeout.abort();
    }
  }
  return clean;
}

/** Turns signals and errors into one exit code, once. */
function stopTrigger(host: ProcessHost, logger: Logger) {
  const { promise: code, resolve } = Promise.withResolvers<number>();
  const aborter = new AbortController();
  const trigger = (exitCode: number): void => {
    aborter.abort();
    resolve(exitCode);
  };
  let failure: unknown;
  const fail = (error: unknown): void => {
    if (aborter.signal.aborted) logger.error({ err: error }, "a further error while stopping");
    else {
      failure = error;
      logger.fatal(endingFacts(error), "stopping because of an error");
    }
    trigger(EXIT_FAILED);
  };
  const onSignal = (signal: unknown): void => {
    if (aborter.signal.aborted) {
      logger.warn({ signal }, "second signal: ending at once");
      host.exit(EXIT_FORCED);
    } else {
      logger.info({ signal }, "stopping");
      trigger(EXIT_OK);
    }
  };
  const listeners = [
    ["SIGINT", onSignal],
    ["SIGTERM", onSignal],
    ["uncaughtException", fail],
    ["unhandledRejection", fail],
  ] as const;
  for (const [event, listener] of listeners) host.on(event, listener);
  return {
    code,
    signal: aborter.signal,
    fail,
    failure: () => failure,
    release: () => {
      for (const [event, listener] of listeners) host.off(event, listener);
    },
  };
}
