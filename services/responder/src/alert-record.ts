import { type Alert, alertSchema, TriplineError } from "@tripline/events";
import type { LogRecord } from "@tripline/stream";

/** The alert in a record of the alerts topic. @throws TriplineError TRIPLINE_ALERT_INVALID (permanent: a dead letter) */
export function parseAlert(record: LogRecord): Alert {
  try {
    return alertSchema.parse(JSON.parse(new TextDecoder().decode(record.value ?? new Uint8Array(0))));
  } catch (cause) {
    throw new TriplineError("TRIPLINE_ALERT_INVALID", "a record of the alerts topic is no alert", { cause });
  }
}

/** One alert, wherever it stands in the topic. */
export function alertIdentity(alert: { tenant: string; id: string }): string {
  return `${alert.tenant}/${alert.id}`;
}
