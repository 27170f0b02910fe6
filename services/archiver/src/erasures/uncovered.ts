import type { Erasable } from "@tripline/events";
import type { KnownErasures } from "./known-erasures.ts";

/** A record on its way into the store, as far as erasing concerns it. */
export interface Leaving {
  tenant: string;
  envelopeText: string;
  names: Readonly<Record<string, string>> | undefined;
  /** ms since the epoch, the log's clock */
  appendTime: number;
}

/**
 * Whether an erasure covers this record's payload. Costs a parse where the tenant has erasures, else nothing. The text was
 * checked against the contract before.
 */
export function isErased({ tenant, envelopeText }: Leaving, erasures: KnownErasures): boolean {
  if (!erasures.concerns(tenant)) return false;
  const about: Erasable = JSON.parse(envelopeText);
  return erasures.covers(about);
}

/** The names that may go into the directory: none of an erased record, none of an erased principal. */
export function keptNames(leaving: Leaving, isCovered: boolean, erasures: KnownErasures): Leaving["names"] {
  const { tenant, names, appendTime } = leaving;
  if (names === undefined || isCovered) return undefined;
  if (!erasures.concerns(tenant)) return names;
  return Object.fromEntries(
    Object.entries(names).filter(([subject]) => !erasures.coversName(tenant, subject, appendTime)),
  );
}
