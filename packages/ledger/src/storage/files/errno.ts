import { LedgerError } from "../../errors.ts";

/** What passes: room can be made, handles are given back, a disk comes back. */
const PASSING = ["ENOSPC", "EDQUOT", "EMFILE", "ENFILE", "EAGAIN", "EBUSY", "EIO", "ETIMEDOUT"];

export function hasErrno(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}

/** The error to throw for one of the file system's. */
export function fileError(error: unknown, directory: string): unknown {
  if (!hasErrno(error, ...PASSING)) return error;
  return new LedgerError(
    "TRIPLINE_LEDGER_UNAVAILABLE",
    `the ledger in ${directory} can't be written or read now: look at the disk's room and health`,
    error,
  );
}
