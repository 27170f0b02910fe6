import { type Alert, alertKey, TOPICS } from "@tripline/events";
import type { Log } from "@tripline/stream";

/** Writes findings of the responder itself to the alerts topic. Rejects with a retriable error when the log can't take them now. */
export async function raiseAlert(log: Pick<Log, "produce">, ...alerts: readonly Alert[]): Promise<void> {
  if (alerts.length === 0) return;
  const records = alerts.map((alert) => ({
    key: alertKey(alert.tenant, alert.id),
    value: new TextEncoder().encode(JSON.stringify(alert)),
  }));
  await log.produce(TOPICS.alerts, records);
}

/** The alert's later state: what it said is not so any more. @param now ms since the epoch */
export function resolvedAlert(alert: Alert, note: string, now: number): Alert {
  const at = new Date(now).toISOString();
  return { ...alert, state: "resolved", state_by: "tripline", state_note: note, state_at: at };
}
