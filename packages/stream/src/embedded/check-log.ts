import { inspectDataFile } from "./data-file.ts";
import { lockDirectory } from "./directory-lock.ts";
import { dataFileOf } from "./lmdb-storage.ts";
import { checkApart } from "./whole-log.ts";

/**
 * Reads every record of an embedded log that nobody has open, in a process of its own. Returns how many there are.
 * @throws TriplineError TRIPLINE_STREAM_LOCKED while the log is in use, TRIPLINE_STREAM_DAMAGED saying what was found
 */
export function checkLog(directory: string): number {
  const lock = lockDirectory(directory);
  try {
    inspectDataFile(dataFileOf(directory));
    return checkApart(directory, "the log was checked");
  } finally {
    lock.release();
  }
}
