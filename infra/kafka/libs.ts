import { execFile } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

const DOWNLOAD_TIMEOUT_MS = 300_000; // 54 MB; seconds on a good line
const LOCK_POLL_MS = 200;
const SQLITE_BUSY = 5;

/** The folder with the broker's jars; fetched once, by one process at a time. */
export async function kafkaLibs(): Promise<string> {
  const here = import.meta.dirname;
  const libs = join(here, "libs");
  const whole = () => existsSync(join(libs, "whole"));
  if (whole()) return libs;
  mkdirSync(libs, { recursive: true });
  const lock = new DatabaseSync(join(libs, "lock.db")); // held by the operating system: goes when this process dies
  try {
    const deadline = Date.now() + DOWNLOAD_TIMEOUT_MS;
    while (!take(lock)) {
      if (Date.now() > deadline) throw new Error(`another process has been fetching ${libs} for too long`);
      await delay(LOCK_POLL_MS);
    }
    if (!whole()) await fetchJars(here, libs);
  } finally {
    lock.close();
  }
  return libs;
}

async function fetchJars(here: string, libs: string): Promise<void> {
  const fresh = join(libs, "fresh");
  rmSync(fresh, { recursive: true, force: true });
  const goal = [
    "-q",
    "-B",
    "dependency:copy-dependencies",
    `-DoutputDirectory=${fresh}`,
    "-DincludeScope=runtime",
  ];
  await promisify(execFile)("mvn", goal, { cwd: here, timeout: DOWNLOAD_TIMEOUT_MS });
  rmSync(join(libs, "jars"), { recursive: true, force: true });
  renameSync(fresh, join(libs, "jars"));
  mkdirSync(join(libs, "whole"));
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
