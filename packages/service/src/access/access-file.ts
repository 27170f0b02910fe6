import { open, readFile, stat, unlink } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { TriplineError } from "@tripline/events";
import { z } from "zod";
import { writePrivateFile } from "../private-file.ts";
import { type AccessFile, accessFileSchema } from "./entries.ts";

const EMPTY: AccessFile = { v: 1, people: [], producers: [] };

/** Reads `access.json`; a missing file is an empty one. @throws TRIPLINE_ACCESS_FILE when it can't be understood. */
export async function readAccessFile(path: string): Promise<AccessFile> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (isNodeError(error, "ENOENT")) return EMPTY;
    throw error;
  }
  try {
    return accessFileSchema.parse(JSON.parse(text));
  } catch (cause) {
    const where = cause instanceof z.ZodError ? ` at ${cause.issues[0]?.path.join(".")}` : "";
    throw new TriplineError(
      "TRIPLINE_ACCESS_FILE",
      `${path} is not an access file${where}: restore it from a backup, or move it away to start anew`,
      { cause },
    );
  }
}

/** Changes when the file does. */
export async function accessFileVersion(path: string): Promise<string> {
  try {
    const { mtimeNs, size, ino } = await stat(path, { bigint: true });
    return `${mtimeNs}-${size}-${ino}`;
  } catch (error) {
    if (isNodeError(error, "ENOENT")) return "none";
    throw error;
  }
}

const LOCK_STALE_MS = 10_000; // a change takes milliseconds; an older lock was left by a process that died
const LOCK_WAIT_MS = 5_000;
const LOCK_POLL_MS = 20;

/** Reads, changes and writes the file while no other process does. Answers what was written. */
export async function changeAccessFile(
  path: string,
  change: (file: AccessFile) => AccessFile,
): Promise<AccessFile> {
  const lock = `${path}.lock`;
  await takeLock(lock);
  try {
    const changed = accessFileSchema.parse(change(await readAccessFile(path)));
    await writePrivateFile(path, `${JSON.stringify(changed, null, 2)}\n`);
    return changed;
  } finally {
    await unlink(lock);
  }
}

async function takeLock(lock: string): Promise<void> {
  const deadline = Date.now() + LOCK_WAIT_MS;
  for (;;) {
    try {
      await (await open(lock, "wx", 0o600)).close();
      return;
    } catch (error) {
      if (!isNodeError(error, "EEXIST")) throw error;
    }
    const age = await lockAge(lock);
    if (age > LOCK_STALE_MS) {
      await unlink(lock).catch((error: unknown) => {
        if (!isNodeError(error, "ENOENT")) throw error;
      });
    } else if (Date.now() > deadline) {
      throw new TriplineError(
        "TRIPLINE_ACCESS_BUSY",
        `another process is changing access: remove ${lock} if none is`,
        {
          kind: "retriable",
        },
      );
    } else {
      await delay(LOCK_POLL_MS);
    }
  }
}

async function lockAge(lock: string): Promise<number> {
  try {
    return Date.now() - (await stat(lock)).mtimeMs;
  } catch (error) {
    if (isNodeError(error, "ENOENT")) return 0;
    throw error;
  }
}

function isNodeError(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
