import { setTimeout as delay } from "node:timers/promises";
import { isRetriable, TriplineError } from "@tripline/events";
import type { RunnerStatus } from "./status.ts";

const FIRST_DELAY_MS = 50; // a broker's leader change or a full group-commit queue takes about this long
const MAX_DELAY_MS = 5000; // long beside any single attempt, short beside what an operator waits after a repair

/** Thrown inside the runner when it gives up trying because it closes or the partition was lost. Never leaves it. */
export class GaveUp extends Error {
  override readonly name = "GaveUp";
}

/**
 * Tries until it works. Retriable errors wait 50 ms, then twice as long each time, up to 5 s, for ever, and show in
 * health, log and hooks; other errors are thrown.
 * @throws GaveUp when the signal is aborted while it waits
 */
export async function retrying<T>(
  what: string,
  attempt: () => T | Promise<T>,
  status: RunnerStatus,
  signal: AbortSignal,
): Promise<T> {
  for (let failures = 0; ; ) {
    try {
      const result = await attempt();
      if (failures > 0) status.recovered(what);
      return result;
    } catch (error) {
      if (!isRetriable(error) || !(error instanceof TriplineError)) throw error;
      const delayMs = Math.min(FIRST_DELAY_MS * 2 ** failures, MAX_DELAY_MS);
      failures++;
      status.retrying({ what, error, attempt: failures, delayMs });
      try {
        await delay(delayMs, undefined, { signal });
      } catch (cause) {
        status.recovered(what);
        throw new GaveUp(`gave up: ${what}`, { cause });
      }
    }
  }
}
