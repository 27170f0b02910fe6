import { LedgerError } from "../errors.ts";

/** Sizes and indexes are whole numbers up to 2^53 - 1: arithmetic here must not use bit operators, which end at 2^31. */
export function checkSize(size: number, what = "size"): void {
  if (!Number.isSafeInteger(size) || size < 0)
    throw new LedgerError("TRIPLINE_LEDGER_INVALID", `${what} must be a whole number from 0 to 2^53 - 1`);
}

/** @throws LedgerError TRIPLINE_LEDGER_INVALID unless 0 ≤ index < size */
export function checkIndex(index: number, size: number): void {
  checkSize(size);
  checkSize(index, "index");
  if (index >= size)
    throw new LedgerError(
      "TRIPLINE_LEDGER_INVALID",
      `index ${index} is not in a tree of ${size} leaves: ask for a larger tree`,
    );
}

/** The largest power of two below `count`, for `count` ≥ 2: where RFC 6962 splits a tree. */
export function splitPoint(count: number): number {
  let power = 1;
  while (power * 2 < count) power *= 2;
  return power;
}
