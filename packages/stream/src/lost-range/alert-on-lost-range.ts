import { alertKey, LOCAL_TENANT, pipelineAlert, TOPICS } from "@tripline/events";
import type { ConsumeOptions, Log } from "../log.ts";
import { type LostRange, OutOfRangeError } from "./lost-range.ts";

/**
 * Gives the log's consumers a voice: one that ends because records are gone writes the alert `log-range-lost` first. The
 * same loss gives the same alert, however often the service starts into it. Changes `log` and returns it.
 */
export function alertOnLostRange<L extends Log>(log: L, now: () => number = Date.now): L {
  const consume = log.consume.bind(log);
  log.consume = async (options) => {
    const consumer = await consume(options);
    const ended = consumer.ended.catch(async (error: unknown) => {
      if (error instanceof OutOfRangeError) await report(log, options, error, now());
      throw error;
    });
    ended.catch(() => undefined); // whoever cares awaits `ended`; it must not end the process by itself
    return {
      ended,
      close: () => consumer.close(),
      trouble: () => consumer.trouble?.() ?? null,
    };
  };
  return log;
}

async function report(
  log: Log,
  options: ConsumeOptions,
  error: OutOfRangeError,
  timeMs: number,
): Promise<void> {
  const alert = lostRangeAlert(
    log.generation,
    options.group,
    { ...error.lost, topic: options.topic },
    timeMs,
  );
  try {
    await log.produce(TOPICS.alerts, [
      { key: alertKey(alert.tenant, alert.id), value: Buffer.from(JSON.stringify(alert)) },
    ]);
  } catch (cause) {
    // The loss is what the caller must hear of; that the alert is missing belongs to it.
    const why = cause instanceof Error ? cause.message : String(cause);
    error.message += ` (and the alert about it could not be written: ${why})`;
  }
}

export function lostRangeAlert(generation: string, group: string, lost: LostRange, timeMs: number) {
  const { topic, partition, from, to, how } = lost;
  const count = to - from;
  const records = `${count} record${count === 1 ? "" : "s"}, offsets ${from} to ${to - 1} of ${topic}/${partition}`;
  return pipelineAlert({
    rule: "log-range-lost",
    tenant: LOCAL_TENANT,
    identity: `${generation} ${topic}/${partition} ${from}-${to} ${how} ${group}`,
    group: `partition=${topic}/${partition}`,
    timeMs,
    summary:
      how === "removed"
        ? `The log removed ${records}, before ${group} had read them`
        : `The log lost ${records}, that ${group} had read already`,
    why:
      how === "removed"
        ? "Retention removed records that were not processed yet: what they say is in no store, no rule has seen them. " +
          "Nothing was skipped: the group stands still here until someone accepts the loss."
        : "The topic was made anew or cut: it ends before where the group stands, and new records will get offsets that " +
          "old ones had. The group stands still here until someone accepts it.",
    next: [
      "Find out why: a service that stood still for longer than the topic's retention, a retention that was shortened, a topic that was made anew, a broker that lost its disk",
      `Producers may still have the records in their spools; \`tripline gaps\` names what is missing`,
      `Stop the services that read as ${group}, accept: \`tripline topics accept-gap ${topic} ${partition} --group ${group} --range ${from}-${to}\`, and start them`,
    ],
  });
}
