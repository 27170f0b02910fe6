import { LedgerError } from "../errors.ts";

/** What every storage throws for other bytes at an immutable path. */
export function conflictAt(path: string): LedgerError {
  return new LedgerError(
    "TRIPLINE_LEDGER_CONFLICT",
    `${path} exists with other bytes, and is never changed: two writers were given different records for one log, or the file was altered; run the verifier, and keep both copies`,
  );
}
