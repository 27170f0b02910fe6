import { TriplineError } from "@tripline/events";
import { gauge, type Part, type PartHealth, type ServiceContext } from "@tripline/service";
import type { ServiceLog } from "@tripline/stream";
import { alertWhenFull } from "./log-full.ts";

const LOOK_EVERY_MS = 5_000; // how soon an unreachable broker or a full disk shows in /health

/** The log as a part: open already, so that the parts over it can be built; watched while it runs, closed last. */
export function logPart(log: ServiceLog, context: ServiceContext, lookEveryMs = LOOK_EVERY_MS): Part {
  const metrics = logMetrics(context);
  const alert = alertWhenFull(log, context);
  let health: PartHealth = { state: "starting" };
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> = Promise.resolve();

  async function look(): Promise<void> {
    try {
      if (log.room !== null) {
        const room = await log.room();
        metrics.free.set(room.freeBytes);
        metrics.full.set(room.fullSince === null ? 0 : 1);
        await alert(room);
      }
      await log.ping();
      if (health.state === "degraded") context.logger.info("the log is as it should be again");
      health = { state: "ready" };
    } catch (error) {
      const detail = error instanceof Error ? error.message : "it does not answer";
      // A log that has moved never comes back: this process has to be started on the other one.
      const moved = error instanceof TriplineError && error.code === "TRIPLINE_STREAM_MOVED";
      if (health.state !== "degraded") context.logger.warn({ err: error }, "the log needs a look");
      health = { state: moved ? "failed" : "degraded", detail };
    }
  }

  return {
    name: "log",
    start: async () => {
      await look();
      timer = setInterval(() => {
        looking = looking.then(look);
      }, lookEveryMs);
    },
    stop: async () => {
      clearInterval(timer);
      await looking;
      await log.close();
      health = { state: "stopped" };
    },
    health: () => health,
  };
}

function logMetrics({ metrics }: ServiceContext) {
  return {
    free: gauge(metrics, {
      name: "tripline_log_disk_free_bytes",
      help: "Free bytes on the disk of the embedded log",
    }),
    full: gauge(metrics, {
      name: "tripline_log_full",
      help: "1 while producers are refused because the embedded log's disk is full",
    }),
  };
}
