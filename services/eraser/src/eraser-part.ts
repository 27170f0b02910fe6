import { uptime } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { isRetriable, TriplineError } from "@tripline/events";
import type { Part } from "@tripline/service";
import { BelievedTime } from "./believed-time.ts";
import { Erasing, type ErasingDependencies } from "./erasing.ts";

export interface EraserDependencies extends ErasingDependencies {
  /** Smaller only for tests. */
  everyMs?: number;
}

const MS_PER_S = 1_000;
const EVERY_MS = 2_000; // how soon after its record an erasure begins; a look that finds nothing takes some 10 ms

/** The part that erases. Several may run at once: each removes what the others have not. */
export function createEraserPart({ everyMs = EVERY_MS, ...deps }: EraserDependencies): Part {
  const time = new BelievedTime(() => ({ wall: deps.context.now(), uptime: uptime() * MS_PER_S }));
  const erasing = new Erasing({ ...deps, context: { ...deps.context, now: () => time.now() } });
  const stop = new AbortController();
  let running: Promise<void> | null = null;
  let trouble: string | null = null;

  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      try {
        await erasing.look(stop.signal);
        trouble = null;
      } catch (error) {
        if (stop.signal.aborted) return;
        // The next look begins from what is left: nothing is done twice, and nothing is forgotten.
        const code = error instanceof TriplineError ? error.code : "unknown";
        trouble = `erasing failed (${code}); trying again`;
        deps.context.logger[isRetriable(error) ? "warn" : "error"]({ err: error }, trouble);
      }
      await delay(everyMs, undefined, { signal: stop.signal, ref: false }).catch((error: unknown) => {
        if (!stop.signal.aborted) throw error;
      });
    }
  }

  return {
    name: "eraser",
    start: async () => {
      running = run();
    },
    stop: async () => {
      stop.abort();
      await running;
    },
    health: () => {
      if (stop.signal.aborted) return { state: "stopped" };
      if (running === null) return { state: "starting" };
      const detail = trouble ?? erasing.trouble;
      return detail === null ? { state: "ready" } : { state: "degraded", detail };
    },
  };
}
