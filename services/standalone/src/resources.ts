import type { Part, PartHealth } from "@tripline/service";
import type { Store } from "@tripline/store";
import type { Log } from "@tripline/stream";

const PING_EVERY_MS = 5_000; // how soon an unreachable broker shows in /health

/** The log as a part: open already, so that the parts over it can be built; watched while it runs, closed last. */
export function logPart(log: Log): Part {
  let health: PartHealth = { state: "starting" };
  let timer: NodeJS.Timeout | undefined;
  const ping = async (): Promise<void> => {
    try {
      await log.ping();
      health = { state: "ready" };
    } catch (error) {
      health = { state: "degraded", detail: error instanceof Error ? error.message : "it does not answer" };
    }
  };
  return {
    name: "log",
    start: async () => {
      await ping();
      timer = setInterval(ping, PING_EVERY_MS);
    },
    stop: async () => {
      clearInterval(timer);
      await log.close();
      health = { state: "stopped" };
    },
    health: () => health,
  };
}

/** The store as a part, likewise. */
export function storePart(store: Store): Part {
  let state: "starting" | "ready" | "stopped" = "starting";
  return {
    name: "store",
    start: async () => {
      state = "ready";
    },
    stop: async () => {
      await store.close();
      state = "stopped";
    },
    health: () => {
      if (state !== "ready") return { state };
      const health = store.health();
      // Records wait in the log while the store is away: worth a look, no reason to refuse records.
      return health.state === "ready"
        ? { state: "ready" }
        : { state: "degraded", detail: health.detail ?? "it does not answer" };
    },
  };
}
