import type { LogStretch } from "../queries/reconcile-types.ts";
import type { QueryOptions } from "../queries/types.ts";
import type { SealedColumns } from "./columns.ts";

/** A record's row: its position, its id beside the envelope, the envelope's exact bytes. */
export interface SealedRow {
  index: number;
  /** 16 bytes */
  id: Uint8Array;
  envelope: Uint8Array;
}

export interface PlacedSealedRow extends SealedRow {
  generation: string;
  partition: number;
}

export interface SealedPayload {
  index: number;
  /** 16 bytes: the record it is filed under. */
  recordId: Uint8Array;
  /** Null where its columns make none any more. */
  bytes: Uint8Array | null;
}

/** Of a dead letter from the events topic. */
export interface SealedLetter {
  index: number;
  /** Null where they have expired, or the letter was cut. */
  bytes: Uint8Array | null;
}

/** What is stored at some positions; each list ascends by index. */
export interface SealedBlock {
  rows: SealedRow[];
  payloads: SealedPayload[];
  letters: SealedLetter[];
}

/** For verifying the store against the ledger: every tenant's rows. Only for who runs the installation. */
export interface SealedReader {
  /** For `sealedBlock`, which makes of it what `exact` makes, in a tenth of the time and maybe elsewhere. */
  columns(stretch: LogStretch, options?: QueryOptions): Promise<SealedColumns>;
  /** `sealedBlock` of `columns`. */
  block(stretch: LogStretch, options?: QueryOptions): Promise<SealedBlock>;
  /** The bytes rebuilt from columns as for everyone who asks for a record. Letters are left out. */
  exact(stretch: LogStretch, options?: QueryOptions): Promise<SealedBlock>;
  /** Every row of these ids, at most 500 of them. */
  byId(ids: readonly string[], options?: QueryOptions): Promise<PlacedSealedRow[]>;
  /**
   * Rows that say they happened within a time, at positions other than these: at most 10,000, behind the first `skip` of them in the
   * order of positions. @param range RFC 3339 with milliseconds in UTC; null: open
   */
  strays(
    range: { since: string | null; until: string | null; besides: readonly LogStretch[]; skip: number },
    options?: QueryOptions,
  ): Promise<PlacedSealedRow[]>;
  /** Every record of the types `erasure` and `retention`. */
  erasures(options?: QueryOptions): Promise<PlacedSealedRow[]>;
  partitions(
    options?: QueryOptions,
  ): Promise<{ generation: string; partition: number; rows: number; highest: number }[]>;
}
