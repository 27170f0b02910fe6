import { existsSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import { hasCode } from "../errors.ts";
import { lockDirectory } from "./directory-lock.ts";
import { readIdentity, syncDirectory, writeIdentity } from "./identity.ts";
import { dataFileOf } from "./lmdb-storage.ts";

const MINUTE_MS = 60_000;

/**
 * For a log that is lost or damaged beyond a backup: puts its file aside and lets the next start begin an empty one,
 * under the next number, so that no position means two records. Returns where the old file is, and the new generation.
 * @throws TriplineError TRIPLINE_STREAM_LOCKED while the log is in use
 */
export function beginAnew(
  { directory, identityFile }: { directory: string; identityFile: string },
  now: Date,
): { generation: string; aside: string | null } {
  const lock = lockDirectory(directory);
  try {
    const generation = `embedded-${nextNumber(identityFile, now)}`;
    writeIdentity(identityFile, { format: 1, generation, state: "new" });
    const file = dataFileOf(directory);
    if (!existsSync(file)) return { generation, aside: null };
    const aside = `${file}.${now.toISOString().replaceAll(":", "-")}.aside`;
    renameSync(file, aside);
    syncDirectory(dirname(aside));
    return { generation, aside };
  } finally {
    lock.release();
  }
}

/** One more than the last; where that can't be read any more, one that no log has counted up to. */
function nextNumber(identityFile: string, now: Date): number {
  try {
    const identity = readIdentity(identityFile);
    return Number(identity?.generation.replace("embedded-", "") ?? "1") + 1;
  } catch (error) {
    if (!hasCode(error, "TRIPLINE_STREAM_DAMAGED")) throw error;
    return Math.floor(now.getTime() / MINUTE_MS);
  }
}
