import { alertSchema, signedRevocationSchema } from "@tripline/events";
import {
  rowFromAlert,
  rowFromAlertState,
  rowFromRevocation,
  type StoreWriter,
  type WritableTable,
} from "@tripline/store";
import type { LogRecord, PartitionSink, Rejection, SinkRange } from "@tripline/stream";
import type { ArchiverMetrics } from "./archiver-metrics.ts";
import { sourceOf } from "./source.ts";

/** Rows that one record makes, by table in the order they are inserted; null when the record can't be one. */
type ToRows = (text: string, range: SinkRange, from: LogRecord) => [WritableTable, string][] | null;

/** One partition of the alerts topic → `alert_states`, then `alerts`. */
export function alertsSink(writer: StoreWriter, metrics: ArchiverMetrics): PartitionSink {
  return tableSink(writer, metrics, ["alert_states", "alerts"], (text, range, from) => {
    const alert = alertSchema.safeParse(parseJson(text));
    if (!alert.success) return null;
    const source = sourceOf(range, from);
    const state = rowFromAlertState(alert.data, source);
    return [
      ...(state === null ? [] : [["alert_states", state] satisfies [WritableTable, string]]),
      ["alerts", rowFromAlert(alert.data, text, source)],
    ];
  });
}

/** One partition of the revocations topic → `revocations`. Tombstones say nothing new: what was decided stays known. */
export function revocationsSink(writer: StoreWriter, metrics: ArchiverMetrics): PartitionSink {
  return tableSink(writer, metrics, ["revocations"], (text, range, from) => {
    const entry = signedRevocationSchema.safeParse(parseJson(text));
    if (!entry.success) return null;
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
        if (made === null) rejections.push({ offset: from.offset, reason: "invalid" });
        else rows.push(...made);
      }
      for (const table of tables) {
        const lines = rows.filter(([ofTable]) => ofTable === table).map(([, line]) => line);
        await writer.insert(range, { table, lines });
        metrics.rows.inc({ table }, lines.length);
      }
      const newest = records.at(-1);
      if (newest !== undefined) metrics.archived(range.topic, range.partition, newest.appendTime);
      return rejections;
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // refused by the schema, and so dead-lettered
  }
}
