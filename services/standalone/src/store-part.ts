import type { Part } from "@tripline/service";
import type { Store } from "@tripline/store";

/** The store as a part: open already, so that the parts over it can be built; closed last. */
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
