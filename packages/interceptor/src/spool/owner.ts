import { linkSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { FILE_MODE } from "./segment.ts";

/**
 * Who owns a boot's directory: the newest of its numbered owner files. A file is made whole and then linked under the
 * next number, which fails for all but one, so that two processes never adopt the same leftovers.
 */

const ownerSchema = z.object({ pid: z.number().int(), started: z.string().nullable() });
type Owner = z.infer<typeof ownerSchema>;

const RELEASED: Owner = { pid: 0, started: null };
const OWNER_FILE = /^owner-(\d+)\.json$/;

/** Makes this process the owner; false when another one was quicker. @throws the system's error when nothing can be written */
export function claim(directory: string, unique: string): boolean {
  return write(directory, unique, { pid: process.pid, started: processStart(process.pid) });
}

/** Lets go of a directory whose records are not all sent, so that the next start takes it over. */
export function release(directory: string, unique: string): void {
  write(directory, unique, RELEASED);
}

/** Whether the process that owned the directory is gone. */
export function isAbandoned(directory: string): boolean {
  const newest = newestNumber(directory);
  if (newest === 0) return false; // just being made
  const parsed = ownerSchema.safeParse(readJson(join(directory, `owner-${newest}.json`)));
  if (!parsed.success) return true;
  const { pid, started } = parsed.data;
  if (pid === 0) return true;
  if (!isRunning(pid)) return true;
  return started !== null && processStart(pid) !== started;
}

function write(directory: string, unique: string, owner: Owner): boolean {
  const newest = newestNumber(directory);
  const made = join(directory, `owner.${unique}.tmp`);
  writeFileSync(made, JSON.stringify(owner), { mode: FILE_MODE });
  try {
    linkSync(made, join(directory, `owner-${newest + 1}.json`));
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  } finally {
    unlinkSync(made);
  }
}

function newestNumber(directory: string): number {
  const numbers = readdirSync(directory).map((file) => Number(OWNER_FILE.exec(file)?.[1] ?? 0));
  return Math.max(0, ...numbers);
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return null; // unreadable counts as nobody's
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** When a process began, so that a reused pid is not taken for the old one; null where the system does not tell. */
function processStart(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command's name may hold spaces and parentheses: fields count from the last one. Start time is field 22.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[19] ?? null;
  } catch {
    return null; // no /proc (macOS, Windows), or the process just ended
  }
}
