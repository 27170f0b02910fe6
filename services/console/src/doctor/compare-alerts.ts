import { type Alert, alertSchema } from "@tripline/events";
import type { Store } from "@tripline/store";
import { copiedFrom, type LogRecord, replayedFor } from "@tripline/stream";
import type { Compare } from "./chunk.ts";
import type { Letters } from "./compare-events.ts";
import { type Finding, NO_COUNTS } from "./lines.ts";
import { archiverOf } from "./positions.ts";

/**
 * Compares a chunk of the alerts topic with `alerts` and `alert_states`. One alert may be found twice, by a detector that
 * started again: its first copy is the row.
 */
export function compareAlerts(store: Store, letters: Letters): Compare {
  return async (chunk, signal) => {
    const [rows, states] = await Promise.all([
      store.reconcile.alertsAt(chunk, { signal }),
      store.reconcile.alertStatesAt(chunk, { signal }),
    ]);
    const rowsAt = Map.groupBy(rows, ({ offset }) => offset);
    const statesAt = Map.groupBy(states, ({ offset }) => offset);
    const step = archiverOf(chunk.topic);
    const counts = { ...NO_COUNTS, positions: chunk.to - chunk.from };
    const findings: Finding[] = [];
    const find = (kind: Finding["kind"], offset: number, what: string, about: Partial<Finding> = {}) =>
      findings.push({ kind, topic: chunk.topic, partition: chunk.partition, offset, what, ...about });
    const unreadable: number[] = [];
    const elsewhere: { alert: Alert; offset: number; isCopy: boolean }[] = [];

    for (const record of chunk.records) {
      const { offset } = record;
      const [row] = rowsAt.get(offset) ?? [];
      const statesHere = statesAt.get(offset) ?? [];
      rowsAt.delete(offset);
      statesAt.delete(offset);
      const replayed = replayedFor(record);
      const text = Buffer.from(record.value ?? []).toString("utf8");
      const alert = parseAlert(text);
      if (replayed !== null && replayed !== step) counts.replayed_for_another++;
      else if (alert === null) unreadable.push(offset);
      else {
        const about = { tenant: alert.tenant, id: alert.id, time: alert.time };
        if (row === undefined) elsewhere.push({ alert, offset, isCopy: copiedFrom(record) !== null });
        else {
          counts.rows++;
          if (row.body !== text.toWellFormed())
            find("altered", offset, "the stored alert is not the one that the log holds", about);
        }
        checkStates(
          record,
          alert,
          statesHere.map(({ state }) => state),
          (kind, what) => find(kind, offset, what, about),
        );
      }
    }
    for (const [offset, [row]] of rowsAt) {
      find(
        "extra",
        offset,
        "the log holds nothing at this position",
        row === undefined ? {} : { tenant: row.tenant, id: row.id },
      );
    }
    for (const [offset, [state]] of statesAt) {
      find(
        "extra",
        offset,
        "a state of an alert, and the log holds nothing here",
        state === undefined ? {} : { tenant: state.tenant, id: state.id },
      );
    }
    const known = await store.reconcile.knownAlerts(
      elsewhere.map(({ alert }) => alert),
      { signal },
    );
    for (const { alert, offset, isCopy } of elsewhere) {
      if (!known.has(alert.id)) {
        const { tenant, id, time } = alert;
        find("missing", offset, "the log holds this alert, and the store has no row of it", {
          tenant,
          id,
          time,
        });
      } else if (isCopy) counts.copied++;
      else counts.resent++;
    }
    let untold = 0;
    if (unreadable.length > 0) {
      const withLetter = await letters(chunk, unreadable, signal);
      for (const offset of unreadable) {
        if (withLetter.offsets.has(offset)) counts.dead_letters++;
        else if (!withLetter.isComplete) untold++;
        else find("missing", offset, "it can't be read, and has no dead letter");
      }
    }
    return { findings, counts, untold, times: null };
  };
}

function checkStates(
  record: LogRecord,
  alert: Alert,
  stored: readonly string[],
  find: (kind: Finding["kind"], what: string) => void,
): void {
  const isExpected = alert.state !== undefined && copiedFrom(record) === null;
  if (!isExpected) {
    if (stored.length > 0) find("extra", "a state is stored that the log does not hold here");
  } else if (stored.length === 0) find("missing", "the alert's state is not stored");
  else if (stored.length > 1) find("doubled", `one position, ${stored.length} states`);
  else if (stored[0] !== alert.state) find("altered", "the stored state is not the one that the log holds");
}

function parseAlert(text: string): Alert | null {
  try {
    const alert = alertSchema.safeParse(JSON.parse(text));
    return alert.success ? alert.data : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
