import {
  alertSchema,
  incidentSchema,
  MAX_INCIDENT_ALERTS,
  revocationKey,
  signedRevocationSchema,
  TriplineError,
} from "@tripline/events";
import { type PublicKey, verifyRevocation } from "@tripline/response";
import type { ServiceContext } from "@tripline/service";
import {
  MAX_BATCH_ROWS,
  rowFromAlert,
  rowFromAlertState,
  rowFromIncident,
  rowFromRevocation,
  rowsFromIncidentAlerts,
  type StoreWriter,
  type WritableTable,
} from "@tripline/store";
import type { LogRecord, PartitionSink, Rejection, SinkRange } from "@tripline/stream";
import type { ArchiverMetrics } from "./archiver-metrics.ts";
import { sourceOf } from "./source.ts";

/** Why a record makes no rows: it is no entry of its topic, or nobody who may write it did. */
type Refusal = "invalid" | "forged";

/** Rows that one record makes, by table in the order they are inserted; or why it makes none. */
type ToRows = (text: string, range: SinkRange, from: LogRecord) => [WritableTable, string][] | Refusal;

/** One partition of the alerts topic → `alert_states`, then `alerts`. */
export function alertsSink(writer: StoreWriter, metrics: ArchiverMetrics): PartitionSink {
  return tableSink(writer, metrics, ["alert_states", "alerts"], (text, range, from) => {
    const alert = alertSchema.safeParse(parseJson(text));
    if (!alert.success) return "invalid";
    const source = sourceOf(range, from);
    const state = rowFromAlertState(alert.data, source);
    return [
      ...(state === null ? [] : [["alert_states", state] satisfies [WritableTable, string]]),
      ["alerts", rowFromAlert(alert.data, text, source)],
    ];
  });
}

/** A version names up to so many alerts, and all rows of a range are one block. */
export const MAX_INCIDENT_RANGE = Math.floor(MAX_BATCH_ROWS / MAX_INCIDENT_ALERTS);

/** One partition of the incidents topic → `incident_alerts`, then `incidents`. Ranges hold at most MAX_INCIDENT_RANGE records. */
export function incidentsSink(writer: StoreWriter, metrics: ArchiverMetrics): PartitionSink {
  return tableSink(writer, metrics, ["incident_alerts", "incidents"], (text, range, from) => {
    const incident = incidentSchema.safeParse(parseJson(text));
    if (!incident.success) return "invalid";
    return [
      ...rowsFromIncidentAlerts(incident.data).map((row): [WritableTable, string] => [
        "incident_alerts",
        row,
      ]),
      ["incidents", rowFromIncident(incident.data, text, sourceOf(range, from))],
    ];
  });
}

/**
 * One partition of the revocations topic → `revocations`, of entries that one of the keys signed. Tombstones say
 * nothing new: what was decided stays known.
 */
export function revocationsSink(
  writer: StoreWriter,
  metrics: ArchiverMetrics,
  trust: { keys(): readonly PublicKey[]; logger: ServiceContext["logger"] },
): PartitionSink {
  return tableSink(writer, metrics, ["revocations"], (text, range, from) => {
    const entry = signedRevocationSchema.safeParse(parseJson(text));
    if (!entry.success) return "invalid";
    if (from.key !== revocationKey(entry.data) || !isSigned(entry.data, trust.keys())) {
      trust.logger.error(
        { topic: from.topic, partition: from.partition, offset: from.offset },
        "a revocation that no known key of the responder signed is not stored; it is in the dead letters",
      );
      return "forged";
    }
    return [["revocations", rowFromRevocation(entry.data, sourceOf(range, from))]];
  });
}

function tableSink(
  writer: StoreWriter,
  metrics: ArchiverMetrics,
  tables: readonly WritableTable[],
  toRows: ToRows,
): PartitionSink {
  return {
    async write(range, records) {
      const rejections: Rejection[] = [];
      const rows: [WritableTable, string][] = [];
      for (const from of records) {
        if (from.value === null) continue;
        const made = toRows(Buffer.from(from.value).toString("utf8"), range, from);
        if (typeof made === "string") rejections.push({ offset: from.offset, reason: made });
        else rows.push(...made);
      }
      for (const table of tables) {
        // The same line twice is one row: versions of an incident name the same alerts again.
        const lines = [...new Set(rows.filter(([ofTable]) => ofTable === table).map(([, line]) => line))];
        await writer.insert(range, { table, lines });
        metrics.rows.inc({ table }, lines.length);
      }
      const newest = records.at(-1);
      if (newest !== undefined) metrics.archived(range.topic, range.partition, newest.appendTime);
      return rejections;
    },
  };
}

function isSigned(entry: unknown, keys: readonly PublicKey[]): boolean {
  try {
    verifyRevocation(entry, keys);
    return true;
  } catch (error) {
    if (error instanceof TriplineError) return false;
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // refused by the schema, and so dead-lettered
  }
}
