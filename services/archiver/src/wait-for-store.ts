import { setTimeout as delay } from "node:timers/promises";
import { isRetriable, TriplineError } from "@tripline/events";
import type { ServiceContext } from "@tripline/service";
import type { Store } from "@tripline/store";

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 5_000; // short beside what an operator waits after a repair

/**
 * Opens the store, waiting for it as long as it takes: records wait in the log meanwhile. What waiting can't mend, such
 * as a schema of a later version, is thrown.
 */
export async function waitForStore(
  open: () => Promise<Store>,
  logger: ServiceContext["logger"],
): Promise<Store> {
  for (let wait = FIRST_DELAY_MS; ; wait = Math.min(wait * 2, MAX_DELAY_MS)) {
    try {
      return await open();
    } catch (error) {
      if (!isRetriable(error) || !(error instanceof TriplineError)) throw error;
      logger.warn({ code: error.code, delay_ms: wait }, `waiting for the store: ${error.message}`);
      await delay(wait);
    }
  }
}
