import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";

const LOCK_POLL_MS = 200;
const SQLITE_BUSY = 5;

/**
 * The folder `what` of `directory`, filled once by `fetch` and by one process at a time; others wait, at most `timeoutMs`. `fetch` gets
 * the path of an empty folder's place to make; one that was cut off leaves nothing that counts.
 */
export async function fetchOnce(
  directory: string,
  what: string,
  timeoutMs: number,
  fetch: (fresh: string) => Promise<void>,
): Promise<string> {
  const whole = join(directory, "whole");
  const place = join(directory, what);
  if (existsSync(whole)) return place;
  mkdirSync(directory, { recursive: true });
  const lock = new DatabaseSync(join(directory, "lock.db")); // held by the operating system: goes when this process dies
  try {
    const deadline = Date.now() + timeoutMs;
    while (!take(lock)) {
      if (Date.now() > deadline)
        throw new Error(`another process has been fetching ${directory} for too long`);
      await delay(LOCK_POLL_MS);
    }
    if (existsSync(whole)) return place;
    const fresh = join(directory, "fresh");
    rmSync(fresh, { recursive: true, force: true });
    await fetch(fresh);
    rmSync(place, { recursive: true, force: true });
    renameSync(fresh, place);
    mkdirSync(whole);
  } finally {
    lock.close();
  }
  return place;
}

function take(lock: DatabaseSync): boolean {
  try {
    lock.exec("BEGIN EXCLUSIVE");
    return true;
  } catch (error) {
    if (error instanceof Error && "errcode" in error && error.errcode === SQLITE_BUSY) return false;
    throw error;
  }
}
