import type { Part, PartHealth, ServiceContext } from "@tripline/service";
import type { Store } from "@tripline/store";

const LOOK_EVERY_MS = 10_000; // damage must be seen long before the engine removes what it merged, after eight minutes

/** The store as a part: open already, so that the parts over it can be built; examined while it runs, closed last. */
export function storePart(store: Store, { logger }: ServiceContext, lookEveryMs = LOOK_EVERY_MS): Part {
  let state: "starting" | "ready" | "stopped" = "starting";
  let damage: string | null = null;
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> = Promise.resolve();

  async function look(): Promise<void> {
    try {
      damage = await store.damage();
    } catch (error) {
      logger.warn({ err: error }, "the store can't be examined; it is tried again");
    }
    if (state === "ready" && damage === null) timer = setTimeout(lookAgain, lookEveryMs);
  }
  const lookAgain = (): void => {
    looking = look();
  };

  return {
    name: "store",
    start: async () => {
      state = "ready";
      lookAgain();
    },
    stop: async () => {
      state = "stopped";
      clearTimeout(timer);
      await looking;
      await store.close();
    },
    health: (): PartHealth => {
      if (state !== "ready") return { state };
      // Only a new start mends it, so this process ends; nothing is lost, for what was read from the log is read again.
      if (damage !== null) return { state: "failed", detail: damage };
      const health = store.health();
      // Records wait in the log while the store is away: worth a look, no reason to refuse records.
      return health.state === "ready"
        ? { state: "ready" }
        : { state: "degraded", detail: health.detail ?? "it does not answer" };
    },
  };
}
