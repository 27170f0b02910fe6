import { setTimeout as delay } from "node:timers/promises";
import { TriplineError } from "@tripline/events";
import type { Logger } from "pino";
import { visible } from "./escape/index.ts";

const FLUSH_TIMEOUT_MS = 1_000; // a blocked standard error must not keep the process from ending

/**
 * What the log says of an error that ends the process. One of ours says itself what to do: its stack and those of its
 * causes would only bury that. Any other is a mistake in the code, and keeps its stack.
 */
export function endingFacts(error: unknown): Record<string, unknown> {
  if (!(error instanceof TriplineError)) return { err: error };
  const { cause } = error;
  return {
    code: error.code,
    reason: error.message,
    ...(cause instanceof Error ? { because: cause.message } : {}),
  };
}

/** Resolves when the log's lines are written: what is written past the logger afterwards stands behind them. */
export async function flushed(logger: Logger): Promise<void> {
  const timeout = new AbortController();
  const written = new Promise<void>((resolve) => logger.flush(() => resolve()));
  const patience = delay(FLUSH_TIMEOUT_MS, undefined, { signal: timeout.signal }).catch(() => undefined); // aborted: written
  await Promise.race([written, patience]);
  timeout.abort();
}

/** Ends what an operator reads with the error's own sentence, behind all lines of the log. */
export async function sayWhy(
  error: unknown,
  logger: Logger,
  say: (line: string) => unknown = (line) => process.stderr.write(line),
): Promise<void> {
  if (!(error instanceof TriplineError)) return;
  await flushed(logger);
  say(`${visible(error.message)}\n`);
}
