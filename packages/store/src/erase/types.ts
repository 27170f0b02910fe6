import type { Envelope, HoldScope, RemovedEnvelopes } from "@tripline/events";
import type { QueryOptions } from "../queries/types.ts";

/** Rows that are still there and that a record covers. */
export interface LeftOver {
  payloads: number;
  /** Names in the directory. */
  names: number;
  /** Payloads that the record would cover, were they not under a hold. */
  held: number;
  /** When the newest of what it covers was appended to the log; null where it covers nothing. */
  newest_append: string | null;
}

/** One offset for each partition of `tripline.events`, in one generation of the log. */
export interface LogPositions {
  generation: string;
  offsets: ReadonlyMap<number, number>;
}

/** A removal that the database has not finished. */
export interface Removal {
  table: string;
  /** Why it does not get on; null while it does. The database's number and name of the error, no text. */
  trouble: string | null;
}

/**
 * Erases payloads and names that a record of type `erasure` or `retention` covers, over every tenant. It decides by the
 * same description as `coversErasure`, from the columns of `records`.
 */
export interface Eraser extends EnvelopeEraser {
  /**
   * The stored records of these types by one of Tripline's own producers, in the order of their time: all of them, or those
   * of a tenant, or those from these positions of the log on.
   * @throws TRIPLINE_STORE_QUERY_TOO_BROAD where there are more than MAX_ERASURE_RECORDS
   */
  records(options?: QueryOptions & { tenant?: string; from?: LogPositions }): Promise<Envelope[]>;
  /** Whether this record is among them. */
  isArchived(id: string, options?: QueryOptions): Promise<boolean>;
  /** @param holds in force now: what they are about stays, whatever the record covers */
  left(record: Envelope, holds: readonly HoldScope[], options?: QueryOptions): Promise<LeftOver>;
  /**
   * Starts to remove what `left` counts; `removals` tells when that is done. Does nothing for a record that covers nothing.
   * Harmless when it is done again.
   */
  erase(record: Envelope, holds: readonly HoldScope[]): Promise<void>;
  /** Removals that are not finished, whoever started them. */
  removals(options?: QueryOptions): Promise<Removal[]>;
  /** Tenants of which anything happened, or a name was last seen, before then: RFC 3339. */
  tenantsBefore(edges: { payloads: string; names: string }, options?: QueryOptions): Promise<string[]>;
}

/** A partition with envelopes over an age: all its positions from `to` on are younger, or stay. */
export interface AgedPartition {
  generation: string;
  partition: number;
  to: number;
}

/** A legal hold in force, of whichever tenant. */
export interface TenantHold {
  tenant: string;
  scope: HoldScope;
}

/** Removes envelopes that are over their age, as a record of type `retention` says that they are removed. */
export interface EnvelopeEraser {
  /** @param before RFC 3339: appended before then */
  agedPartitions(before: string, options?: QueryOptions): Promise<AgedPartition[]>;
  /** In how many months something was appended since then: what shows that time has passed, whatever a clock says. */
  monthsSince(before: string, options?: QueryOptions): Promise<number>;
  /**
   * The next stretch with something to remove, and all in it that stays: what is held, what proves, what its own times say is younger.
   * Null where there is nothing.
   */
  removable(
    of: AgedPartition,
    before: string,
    holds: readonly TenantHold[],
    options?: QueryOptions,
  ): Promise<RemovedEnvelopes | null>;
  /** Rows that are still there and that the record says are removed; what is held now is not among them. */
  leftEnvelopes(record: Envelope, holds: readonly TenantHold[], options?: QueryOptions): Promise<number>;
  /** Starts to remove them. Does nothing for a record that removes nothing. Harmless when it is done again. */
  eraseEnvelopes(record: Envelope, holds: readonly TenantHold[]): Promise<void>;
}
