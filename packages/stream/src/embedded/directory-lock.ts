import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { streamError } from "../errors.ts";

const SQLITE_BUSY = 5;

/**
 * Holds a directory for one process with a lock of the operating system (SQLite's exclusive file lock), which goes
 * when its owner dies, however that happens. Not for network file systems.
 * @param what is held, for the message
 * @throws TriplineError TRIPLINE_STREAM_LOCKED while another process has the directory
 */
export function lockDirectory(directory: string, what = "the log in"): { release(): void } {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(join(directory, "lock.db"));
  const ownerFile = join(directory, "owner.pid");
  try {
    database.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
  } catch (cause) {
    database.close();
    if (!(cause instanceof Error && "errcode" in cause && cause.errcode === SQLITE_BUSY)) throw cause;
    throw streamError(
      "TRIPLINE_STREAM_LOCKED",
      `${what} ${directory} is open in another process (pid ${owner(ownerFile)}): stop that one, or use its API`,
      cause,
    );
  }
  writeFileSync(ownerFile, String(process.pid)); // only for the message above
  return { release: () => database.close() };
}

function owner(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "unknown"; // the other process is just starting
  }
}
