import type { SignedRevocation } from "@tripline/events";
import { EPOCH } from "../sql/row.ts";
import { type RowSource, SOURCE_COLUMNS, sourceValues } from "./source.ts";
import { isStorableTime } from "./storable.ts";

/** An entry of the revocations topic → a row of `revocations`. */

export const REVOCATION_COLUMNS: readonly string[] = [
  "tenant",
  "id",
  "state",
  "scope",
  "subject",
  "reason",
  "by",
  "rule_id",
  "alert_id",
  "detected_at",
  "decided_at",
  "expires_at",
  "reinstated_at",
  "key_id",
  "signature",
  ...SOURCE_COLUMNS,
];

export function rowFromRevocation(entry: SignedRevocation, source: RowSource): string {
  const text = (value: string | undefined) => value?.toWellFormed() ?? "";
  const time = (value: string | undefined) => (isStorableTime(value) ? value : EPOCH);
  return JSON.stringify([
    entry.tenant,
    text(entry.id),
    entry.state,
    entry.scope,
    text(entry.subject),
    text(entry.reason),
    text(entry.by),
    text(entry.rule_id),
    text(entry.alert_id),
    time(entry.detected_at),
    time(entry.decided_at),
    time(entry.expires_at),
    time(entry.reinstated_at),
    text(entry.key_id),
    text(entry.signature),
    ...sourceValues(source),
  ]);
}
