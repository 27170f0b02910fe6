import { LedgerError } from "../errors.ts";

/** The code of the LedgerError that `run` throws; `none` where it throws nothing, and what else it throws is thrown on. */
export function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof LedgerError) return error.code;
    throw error;
  }
  return "none";
}
