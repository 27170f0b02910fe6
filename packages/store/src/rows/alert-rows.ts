import type { Alert } from "@tripline/events";
import { EPOCH, ZERO_UUID } from "../sql/row.ts";
import { isoTime, type RowSource, SOURCE_COLUMNS, sourceValues } from "./source.ts";
import { isStorableTime, isStorableUuid } from "./storable.ts";

/** A record of the alerts topic → a row of `alerts`, and of `alert_states` when it states one. */

export const ALERT_COLUMNS: readonly string[] = [
  "tenant",
  "id",
  "time",
  "detected_at",
  "rule_id",
  "rule_title",
  "severity",
  "record_id",
  "group",
  "principal",
  "agent",
  "credential",
  "session",
  "server",
  "tool",
  "summary",
  "why",
  "body",
  ...SOURCE_COLUMNS,
];

export const ALERT_STATE_COLUMNS: readonly string[] = [
  "tenant",
  "alert_id",
  "state",
  "state_by",
  "state_note",
  "state_at",
  ...SOURCE_COLUMNS,
];

/** @param alertText the record's own JSON */
export function rowFromAlert(alert: Alert, alertText: string, source: RowSource): string {
  const wellFormed = (value: string | undefined) => value?.toWellFormed() ?? "";
  return JSON.stringify([
    alert.tenant,
    alert.id,
    isStorableTime(alert.time) ? alert.time : isoTime(source.appendTime),
    isStorableTime(alert.detected_at) ? alert.detected_at : EPOCH,
    wellFormed(alert.rule.id),
    wellFormed(alert.rule.title),
    alert.severity,
    isStorableUuid(alert.record_id) ? alert.record_id : ZERO_UUID,
    wellFormed(alert.group),
    wellFormed(alert.actor?.principal),
    wellFormed(alert.actor?.agent),
    wellFormed(alert.actor?.credential),
    wellFormed(alert.session?.id),
    wellFormed(alert.target?.server),
    wellFormed(alert.target?.tool),
    wellFormed(alert.summary),
    wellFormed(alert.why),
    alertText.toWellFormed(),
    ...sourceValues(source),
  ]);
}

/** Null for the finding itself, which is `open` until a later record says otherwise. */
export function rowFromAlertState(alert: Alert, source: RowSource): string | null {
  const { state, state_by: by, state_note: note, state_at: at } = alert;
  if (state === undefined) return null;
  return JSON.stringify([
    alert.tenant,
    alert.id,
    state,
    by?.toWellFormed() ?? "",
    note?.toWellFormed() ?? "",
    isStorableTime(at) ? at : isoTime(source.appendTime),
    ...sourceValues(source),
  ]);
}
