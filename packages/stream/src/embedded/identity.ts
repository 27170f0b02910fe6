import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { streamError } from "../errors.ts";

const identitySchema = z.looseObject({
  format: z.literal(1),
  generation: z.string().regex(/^embedded-[1-9]\d{0,8}$/),
  /** `new` until the first transaction is on the disk. */
  state: z.enum(["new", "in_use"]),
  /** While the log is open, or was not closed in order, without syncing: the machine's boot it was opened in. */
  unsynced_since_boot: z.string().optional(),
});

/**
 * Says beside the log's own file that there is a log, and which: a log that was lost is so known from one that never
 * was, and a new one never takes the positions of the old.
 */
export type LogIdentity = z.infer<typeof identitySchema>;

/** Null when there is none. @throws TriplineError TRIPLINE_STREAM_DAMAGED */
export function readIdentity(path: string): LogIdentity | null {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
  try {
    return identitySchema.parse(JSON.parse(text));
  } catch (cause) {
    const message = `${path} is not what Tripline writes there: put it back from a backup (it names the log's generation)`;
    throw streamError("TRIPLINE_STREAM_DAMAGED", message, cause);
  }
}

/** Whole and on the disk when it returns, or as it was. */
export function writeIdentity(path: string, identity: LogIdentity): void {
  const temporary = `${path}.new`;
  const file = openSync(temporary, "w", 0o600);
  try {
    writeSync(file, `${JSON.stringify(identity)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
  syncDirectory(dirname(path));
}

/** A file that was just made is only safe when its directory's entry is. */
export function syncDirectory(path: string): void {
  const directory = openSync(path, "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

/** Changes with each boot; null where the system does not say. */
export function currentBoot(): string | null {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return null; // not Linux
  }
}
