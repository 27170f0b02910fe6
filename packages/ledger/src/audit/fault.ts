import { LedgerError } from "../errors.ts";
import { TileDamage } from "../tiles/index.ts";

/** What is wrong with a ledger itself, and not with one record. */
export const LEDGER_FAULTS = [
  "TILES_MISSING",
  "TILES_MODIFIED",
  "CHECKPOINT_INVALID",
  "ROLLED_BACK",
  "FORKED",
] as const;
export type LedgerFaultKind = (typeof LEDGER_FAULTS)[number];

export interface LedgerFault {
  kind: LedgerFaultKind;
  /** Path of the log, as in the catalog. */
  log: string;
  what: string;
  /** Files in question, below the log's path. */
  files: readonly string[];
}

/** Damage as a fault; null for an error that says something else, such as a storage that can't be reached. */
export function faultOf(error: unknown, log: string): LedgerFault | null {
  if (error instanceof TileDamage) {
    const kind = error.code === "TRIPLINE_LEDGER_MISSING" ? "TILES_MISSING" : "TILES_MODIFIED";
    return { kind, log, what: error.message, files: error.paths };
  }
  if (error instanceof LedgerError && error.kind === "permanent")
    return { kind: "CHECKPOINT_INVALID", log, what: error.message, files: [] };
  return null;
}
