import { TOPICS } from "@tripline/events";
import { applyFold, foldTriage, type Transition } from "@tripline/response";
import { counter, type ServiceContext } from "@tripline/service";
import { copiedFrom, type Log, type PartitionInfo, type PartitionStep } from "@tripline/stream";
import type { DecisionPart, DecisionRecords } from "../decision-records.ts";
import type { OwnedBooks } from "./owned-books.ts";
import { partitionBook } from "./partition-book.ts";
import { incidentEmission, parseTriage } from "./triage-record.ts";

/** Names a consumer group and keys of the state topic: changing it loses the state. */
export const INCIDENTS_GROUP = "responder-incidents";

export interface IncidentStepDeps {
  log: Pick<Log, "committed">;
  books: OwnedBooks;
  records: DecisionRecords;
  metrics: IncidentMetrics;
}

export type IncidentMetrics = ReturnType<typeof incidentMetrics>;

export function incidentMetrics({ metrics }: Pick<ServiceContext, "metrics">) {
  return {
    versions: counter(metrics, {
      name: "tripline_responder_incident_versions_total",
      help: "Versions of incidents that were written, each a change",
    }),
    notices: counter(metrics, {
      name: "tripline_responder_incident_notices_total",
      help: "Changes of incidents that people are told of, by kind",
      labels: ["kind"],
    }),
    evicted: counter(metrics, {
      name: "tripline_responder_incidents_evicted_total",
      help: "Open incidents that were closed for lack of room",
    }),
  };
}

/**
 * Triage records in, versions of incidents out. What people and timers changed becomes a decision record before the change
 * does, so that none is missing; after a crash between the two a record may be there twice.
 */
export async function openIncidentStep(
  { partition }: Pick<PartitionInfo, "partition">,
  { log, books, records, metrics }: IncidentStepDeps,
): Promise<PartitionStep> {
  const committed = await log.committed(TOPICS.triage, INCIDENTS_GROUP);
  const newFrom = committed.get(partition)?.offset ?? 0;
  const { book, state } = partitionBook();
  books.add(partition, book);
  return {
    state,
    async process(record) {
      const folded = foldTriage(book, parseTriage(record), record.appendTime);
      const isNew = record.offset >= newFrom && copiedFrom(record) === null;
      if (isNew)
        for (const each of folded.transitions) await records.write(each.incident.tenant, decisionOf(each));
      applyFold(book, folded);
      if (folded.versions.length === 0) return { kind: "skip", reason: folded.skipped ?? "no_version" };
      if (isNew) {
        metrics.versions.inc(folded.versions.length);
        metrics.evicted.inc(folded.evicted);
        for (const { notice } of folded.versions)
          if (notice !== undefined) metrics.notices.inc({ kind: notice.kind });
      }
      return { kind: "emit", records: folded.versions.map(incidentEmission) };
    },
    onLost: () => books.remove(partition, book),
  };
}

function decisionOf({ incident, kind, by, note }: Transition): DecisionPart {
  return {
    kind,
    reason: note ?? kind,
    by: by === "timer" ? "policy" : by,
    alert_id: incident.alert.id,
    rule_id: incident.rule.id,
    incident_id: incident.id,
    decided_at: incident.updated_at,
  };
}
