import type { QueryOptions } from "./types.ts";

/**
 * What is asked to compare the store with the log, over every tenant, by position. Only for who runs the installation.
 * Each question is bounded by its range; ask for some thousand positions at once.
 */

/** A stretch of one partition in one generation of the log: from `from` up to, and without, `to`. */
export interface LogStretch {
  generation: string;
  partition: number;
  from: number;
  to: number;
}

export interface RecordAt {
  offset: number;
  tenant: string;
  id: string;
  /** The producer's clock, as the table's order has it. */
  time: string;
  producer: string;
  boot: string;
  seq: number;
  /** The envelope's exact text, rebuilt. */
  envelopeText: string;
}

export interface PayloadAt {
  offset: number;
  recordId: string;
  /** The payload's exact text, rebuilt; null where its columns don't make one any more. */
  text: string | null;
}

export interface AlertAt {
  offset: number;
  tenant: string;
  id: string;
  /** The record's own JSON. */
  body: string;
}

export interface AlertStateAt {
  offset: number;
  tenant: string;
  id: string;
  state: string;
}

export interface StoredRevocation {
  tenant: string;
  id: string;
  state: string;
  generation: string;
  partition: number;
  offset: number;
  /** All else that was signed, and the signature, as one JSON array: equal entries give equal texts. */
  content: string;
}

/** The newest version of an incident that is stored. */
export interface StoredIncident {
  tenant: string;
  id: string;
  version: number;
  /** The record's own JSON. */
  body: string;
}

/** A record's place, for telling a resend. */
export interface KnownRecord {
  id: string;
  generation: string;
  partition: number;
  offset: number;
}

/** How many rows a table has of one partition. */
export interface PartitionRows {
  generation: string;
  partition: number;
  rows: number;
  lowest: number;
  highest: number;
}

/** One id in several rows. */
export interface DoubledId {
  tenant: string;
  id: string;
  time: string;
  rows: number;
}

export const RECONCILED_TABLES = [
  "records",
  "payloads",
  "alerts",
  "alert_states",
  "revocations",
  "incidents",
] as const;
export type ReconciledTable = (typeof RECONCILED_TABLES)[number];

export interface ReconcileReader {
  /** Two rows of one position are two entries. */
  recordsAt(stretch: LogStretch, options?: QueryOptions): Promise<RecordAt[]>;
  payloadsAt(stretch: LogStretch, options?: QueryOptions): Promise<PayloadAt[]>;
  alertsAt(stretch: LogStretch, options?: QueryOptions): Promise<AlertAt[]>;
  alertStatesAt(stretch: LogStretch, options?: QueryOptions): Promise<AlertStateAt[]>;
  /** Offsets of which the step has a dead letter. */
  lettersAt(
    stretch: LogStretch,
    from: { topic: string; step: string },
    options?: QueryOptions,
  ): Promise<Set<number>>;
  /** Which of these records have a row, and where; at most 1,000 of a tenant at once are looked up together. */
  knownRecords(
    candidates: readonly { tenant: string; id: string; time: string }[],
    options?: QueryOptions,
  ): Promise<Map<string, KnownRecord[]>>;
  /** Which of these alerts have a row. */
  knownAlerts(
    candidates: readonly { tenant: string; id: string }[],
    options?: QueryOptions,
  ): Promise<Set<string>>;
  revocations(
    candidates: readonly { tenant: string; id: string }[],
    options?: QueryOptions,
  ): Promise<StoredRevocation[]>;
  /** Of those of these incidents that have a row. */
  incidents(
    candidates: readonly { tenant: string; id: string }[],
    options?: QueryOptions,
  ): Promise<StoredIncident[]>;
  /** Rows of each partition and generation that the table has. */
  partitions(table: ReconciledTable, options?: QueryOptions): Promise<PartitionRows[]>;
  /** Rows of `records` by day of their own time, oldest first; `null`: at any time. */
  days(options?: QueryOptions): Promise<{ day: string; rows: number }[]>;
  /** Ids that several rows have among the rows of [since, until); `part` of `parts` by the id's hash. At most 1,000. */
  doubledIds(
    range: { since: string; until: string; part: number; parts: number },
    options?: QueryOptions,
  ): Promise<DoubledId[]>;
}
