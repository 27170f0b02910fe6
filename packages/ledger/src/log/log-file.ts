/** A tile or entry bundle to be written. */
export interface LogFile {
  path: string;
  bytes: Uint8Array;
  /** Partial: another takes its place when more leaves come. */
  provisional: boolean;
}
