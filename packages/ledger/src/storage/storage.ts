import type { ResourceReader } from "../tiles/tile-reader.ts";

export interface WriteOptions {
  /** A partial tile or bundle: it is not kept from removal, because the full one takes its place. */
  provisional?: boolean;
}

/**
 * Where a log keeps its files. Paths are relative, of `a-z`, `0-9`, `.`, `/`. Several processes may have the same storage open.
 * What cannot be reached now throws TRIPLINE_LEDGER_UNAVAILABLE; the outcome of a write is then unknown, and doing it again is safe.
 */
export interface LedgerStorage extends ResourceReader {
  /**
   * Durable when it resolves, and whole or not there at any moment before. Immutable: the same bytes again are fine.
   * @throws LedgerError TRIPLINE_LEDGER_CONFLICT where the path has other bytes
   */
  write(path: string, bytes: Uint8Array, options?: WriteOptions): Promise<void>;
  /**
   * Compare and set: durable when it resolves with true; false, and nothing done, where the path does not hold exactly
   * `expected` (null: nothing). Of several at once from the same `expected` one succeeds.
   */
  replace(path: string, expected: Uint8Array | null, next: Uint8Array): Promise<boolean>;
  /** Paths that begin with `prefix`, which ends with `/`; in no order. */
  list(prefix: string): Promise<string[]>;
  /** Removes what was written as provisional, for good: it is not written again. What is not there is fine. */
  remove(path: string): Promise<void>;
}
