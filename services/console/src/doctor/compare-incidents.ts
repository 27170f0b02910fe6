import { type Incident, incidentSchema } from "@tripline/events";
import type { Store } from "@tripline/store";
import { copiedFrom, type LogRecord, replayedFor } from "@tripline/stream";
import type { Compare } from "./chunk.ts";
import type { Letters } from "./compare-events.ts";
import { type Finding, NO_COUNTS } from "./lines.ts";
import { archiverOf } from "./positions.ts";

/**
 * Compares a chunk of the incidents topic with `incidents`, which keeps the newest version of each: a version that the log
 * holds is there, or a later one of the same incident is.
 */
export function compareIncidents(store: Store, letters: Letters): Compare {
  return async (chunk, signal) => {
    const counts = { ...NO_COUNTS, positions: chunk.to - chunk.from };
    const findings: Finding[] = [];
    const unreadable: number[] = [];
    const read: { incident: Incident; record: LogRecord; text: string }[] = [];
    for (const record of chunk.records) {
      const replayed = replayedFor(record);
      const text = Buffer.from(record.value ?? []).toString("utf8");
      const incident = parse(text);
      if (replayed !== null && replayed !== archiverOf(chunk.topic)) counts.replayed_for_another++;
      else if (incident === null) unreadable.push(record.offset);
      else read.push({ incident, record, text });
    }
    const candidates = new Map(read.map(({ incident }) => [keyOf(incident), incident]));
    const rows = await store.reconcile.incidents([...candidates.values()], { signal });
    const stored = new Map(rows.map((row) => [keyOf(row), row]));
    for (const { incident, record, text } of read) {
      const { tenant, id, version, updated_at: time } = incident;
      const row = stored.get(keyOf(incident));
      const find = (kind: Finding["kind"], what: string) =>
        findings.push({
          ...{ kind, topic: chunk.topic, partition: chunk.partition, offset: record.offset, what },
          ...{ tenant, id, time },
        });
      if (row === undefined) find("missing", "the log holds this incident, and the store has no row of it");
      else if (row.version < version)
        find("missing", "the store has an earlier version of this incident only");
      else if (row.version > version) counts.superseded++;
      else if (row.body !== text.toWellFormed()) {
        find("altered", "the stored incident is not the one that the log holds");
      } else if (copiedFrom(record) !== null) counts.copied++;
      else counts.rows++;
    }
    let untold = 0;
    if (unreadable.length > 0) {
      const withLetter = await letters(chunk, unreadable, signal);
      for (const offset of unreadable) {
        if (withLetter.offsets.has(offset)) counts.dead_letters++;
        else if (!withLetter.isComplete) untold++;
        else {
          const what = "it can't be read, and has no dead letter";
          findings.push({ kind: "missing", topic: chunk.topic, partition: chunk.partition, offset, what });
        }
      }
    }
    return { findings, counts, untold, times: null };
  };
}

function keyOf({ tenant, id }: { tenant: string; id: string }): string {
  return `${tenant}/${id}`;
}

function parse(text: string): Incident | null {
  try {
    const incident = incidentSchema.safeParse(JSON.parse(text));
    return incident.success ? incident.data : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
