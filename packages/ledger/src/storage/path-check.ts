import { LedgerError } from "../errors.ts";

/** A storage path is plain: no way out of the log's directory, no name that a storage keeps for itself (they begin with a dot). */
export function checkPath(path: string): void {
  if (!/^[a-z0-9][a-z0-9.]*(\/[a-z0-9][a-z0-9.]*)*$/.test(path))
    throw new LedgerError(
      "TRIPLINE_LEDGER_INVALID",
      "a ledger has no file of this name: use the paths of tlog-tiles",
    );
}
