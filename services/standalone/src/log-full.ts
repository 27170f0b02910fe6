import { alertKey, LOCAL_TENANT, pipelineAlert, TOPICS } from "@tripline/events";
import type { ServiceContext } from "@tripline/service";
import type { Log, Room } from "@tripline/stream";

const MIB = 2 ** 20;

/**
 * Writes the alert `log-full` when the log's disk became too full for producers: once for each time it does, however
 * often the service starts meanwhile. It goes through the reserve that is kept for what has to go on.
 */
export function alertWhenFull(
  log: Pick<Log, "produce" | "generation">,
  { logger, now }: Pick<ServiceContext, "logger" | "now">,
): (room: Room) => Promise<void> {
  let told: number | null = null;
  return async (room) => {
    if (room.fullSince === null || room.fullSince === told) {
      if (room.fullSince === null && told !== null)
        logger.info("the log's disk has room again: producers go on");
      if (room.fullSince === null) told = null;
      return;
    }
    const alert = fullAlert(log.generation, room, room.fullSince, now());
    const record = { key: alertKey(alert.tenant, alert.id), value: Buffer.from(JSON.stringify(alert)) };
    await log.produce(TOPICS.alerts, [{ ...record, headers: { "content-type": "application/json" } }]);
    told = room.fullSince;
    logger.error({ free_bytes: room.freeBytes, reserve_bytes: room.reserveBytes }, alert.summary);
  };
}

function fullAlert(generation: string, room: Room, since: number, now: number) {
  const free = Math.floor(room.freeBytes / MIB);
  const reserve = Math.ceil(room.reserveBytes / MIB);
  const alert = pipelineAlert({
    rule: "log-full",
    tenant: LOCAL_TENANT,
    identity: `${generation}/${since}`,
    group: `log=${generation}`,
    timeMs: since,
    summary: `The log's disk has ${free} MiB left of the ${reserve} MiB that are kept in reserve: producers are refused`,
    why:
      "No new records are taken. Interceptors go on and keep theirs in their spools; nothing is lost while these have room, " +
      "but what happens now is neither judged nor stored until there is room.",
    next: [
      "Make room on the disk of the data directory, or make the disk larger; taking records goes on by itself within seconds",
      "See what takes the room: the store keeps payloads for 30 days and envelopes for 400, the log keeps 7 days",
      "Watch the spools of the interceptors: they are bounded",
    ],
  });
  return { ...alert, detected_at: new Date(now).toISOString() };
}
