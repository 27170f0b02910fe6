import { type Alert, isRetriable, SEVERITIES, TOPICS, TriplineError } from "@tripline/events";
import type { WebhookConfig } from "@tripline/response";
import {
  copiedFrom,
  type Log,
  type LogRecord,
  type PartitionInfo,
  type PartitionStep,
} from "@tripline/stream";
import { alertIdentity, parseAlert } from "../alert-record.ts";
import { SeenAlerts } from "../decide/seen-alerts.ts";
import type { Teller } from "./teller.ts";

// A webhook that was just added is told of what is still warm, not of the topic's last seven days.
const FIRST_LOOK_BACK_MS = 3600_000;

export interface WebhookStepDeps {
  log: Log;
  group: string;
  /** As configured now. */
  settings(): Pick<WebhookConfig, "min_severity" | "tenants">;
  teller: Teller;
  /** ms since the epoch */
  now(): number;
}

/**
 * Tells one webhook about the alerts of one partition, in order. The queue is the topic itself and the group's commit: it
 * survives a restart and needs no bound of its own. While a receiver is down `process` throws as retriable and the runner waits.
 */
export async function openWebhookStep(
  { partition }: PartitionInfo,
  deps: WebhookStepDeps,
): Promise<PartitionStep> {
  const committed = (await deps.log.committed(TOPICS.alerts, deps.group)).get(partition);
  const handleFrom = committed?.offset ?? 0;
  const appendedFrom = committed === undefined ? deps.now() - FIRST_LOOK_BACK_MS : 0;
  const seen = new SeenAlerts();

  async function handle(alert: Alert, record: LogRecord): Promise<string> {
    const handled = record.offset < handleFrom || copiedFrom(record) !== null;
    if (handled || record.appendTime < appendedFrom) return "handled_before";
    if (seen.has(alertIdentity(alert))) return "duplicate";
    return isWanted(alert, deps.settings()) ? deps.teller.tell(alert, record) : "not_wanted";
  }

  return {
    process: async (record) => {
      const alert = alertOrNull(record);
      if (alert === null) return { kind: "skip", reason: "invalid" };
      const reason = await handle(alert, record);
      seen.add(alertIdentity(alert));
      return { kind: "skip", reason };
    },
    snapshot: () => seen.encode(),
    restore: (bytes) => seen.restore(bytes),
  };
}

/** Whether a webhook is to hear of an alert. */
export function isWanted(alert: Alert, settings: Pick<WebhookConfig, "min_severity" | "tenants">): boolean {
  const { min_severity, tenants } = settings;
  const isSevere = SEVERITIES.indexOf(alert.severity) >= SEVERITIES.indexOf(min_severity);
  return isSevere && (tenants === undefined || tenants.includes(alert.tenant));
}

/** Null for what is no alert: the decider makes it a dead letter, once. */
function alertOrNull(record: LogRecord): Alert | null {
  try {
    return parseAlert(record);
  } catch (error) {
    if (error instanceof TriplineError && !isRetriable(error)) return null;
    throw error;
  }
}
