import type { Eraser } from "./erase/types.ts";
import type { CompletenessStore } from "./queries/completeness-types.ts";
import type { DeadLetterReader } from "./queries/dead-letter-types.ts";
import type { ReconcileReader } from "./queries/reconcile-types.ts";
import type { ReaderScope, StoreReader } from "./queries/types.ts";
import type { SealedReader } from "./sealed/types.ts";
import type { StoreWriter } from "./write/types.ts";

export interface StoreHealth {
  state: "ready" | "failed" | "closed";
  /** What is the matter, for an operator; no secret, no captured text. */
  detail?: string;
}

export const COUNTED_TABLES = [
  "records",
  "payloads",
  "directory",
  "alerts",
  "alert_states",
  "revocations",
  "incidents",
  "incident_alerts",
] as const;
export type CountedTable = (typeof COUNTED_TABLES)[number];

/** The open store: one for each process that owns it. */
export interface Store {
  readonly kind: "embedded" | "http";
  readonly writer: StoreWriter;
  /** Everything a tenant's reader may ask; see `ReaderScope`. */
  reader(scope: ReaderScope): StoreReader;
  /** What the archiver's own examination asks, across tenants. */
  readonly completeness: CompletenessStore;
  /** Dead letters, of the tenants that each question names. */
  readonly deadLetters: DeadLetterReader;
  /** Rows by their position in the log, of every tenant: for comparing the store with the log. */
  readonly reconcile: ReconcileReader;
  /** Rows by their position with their exact bytes, of every tenant: for comparing the store with the ledger. */
  readonly sealed: SealedReader;
  /** Erases payloads and names under a record, of every tenant. */
  readonly eraser: Eraser;
  /** Resolves when the database answers a query; rejects with a retriable TriplineError. */
  ping(): Promise<void>;
  /** The outcome of the last ping, query or insert; does not ask. */
  health(): StoreHealth;
  /** Asks what is wrong with the data on disk that only a new start mends; null: nothing, or a server's that can't be seen from here. */
  damage(): Promise<string | null>;
  /** Rows and bytes on disk of each table, from the parts' metadata (cheap). */
  tableSizes(): Promise<Record<CountedTable, { rows: number; bytes: number }>>;
  /** Waits for what runs, then lets go of the database. */
  close(): Promise<void>;
}
