import { closeSync, fsyncSync, mkdirSync, openSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { TriplineError } from "@tripline/events";
import { streamError } from "../errors.ts";
import { LocalLog } from "../local/local-log.ts";
import type { Log } from "../log.ts";
import { inspectDataFile } from "./data-file.ts";
import { lockDirectory } from "./directory-lock.ts";
import { DiskRoom } from "./disk-room.ts";
import { currentBoot, type LogIdentity, readIdentity, syncDirectory, writeIdentity } from "./identity.ts";
import { dataFileOf, LmdbStorage, naming } from "./lmdb-storage.ts";
import { checkApart } from "./whole-log.ts";

const EXPIRE_EVERY_MS = 60_000; // retention is counted in hours and days
/** While less is free, producers wait, and what was taken in is worked off: some 200,000 records and their alerts. */
export const RESERVE_BYTES = 256 * 1024 * 1024;
const FIRST_GENERATION = "embedded-1";

export interface EmbeddedLogOptions {
  /** Made if missing. One process at a time. */
  directory: string;
  /** Says which log is in the directory; default `log.json` inside it. Keep it apart, and a lost log is known as one. */
  identityFile?: string;
  /**
   * `commit` (default): each group commit is synced to the disk before it resolves and before anyone reads it.
   * `never`: leaves that to the operating system. A killed process loses nothing; a power cut may lose or destroy the
   * log, so the next start reads all of it first.
   */
  sync?: "commit" | "never";
  /** Bytes of free disk below which producers are refused; default 256 MiB. */
  reserveBytes?: number;
  /** ms between runs of retention; default one minute; 0 leaves it to the caller of `expire`. */
  expireEveryMs?: number;
  /** Told when retention failed; it is tried again at the next run. */
  onExpireError?(error: unknown): void;
  /** The append clock, ms since the epoch. */
  now?: () => number;
  /** ms since the machine's boot, its sleep included: what retention counts in. */
  uptime?: () => number;
}

/** The state of the log's disk. */
export interface Room {
  freeBytes: number;
  reserveBytes: number;
  /** When producers began to be refused, ms since the epoch; null while they are not. The same after a restart. */
  fullSince: number | null;
}

/** A log on one machine, in LMDB. */
export interface EmbeddedLog extends Log {
  /** Applies the topics' retention now. Returns how many records went. */
  expire(): Promise<number>;
  /** Looks at the disk, and remembers when it became full. */
  room(): Promise<Room>;
  /** @throws TriplineError TRIPLINE_STREAM_FULL while producers are to be refused */
  checkIntake(): void;
}

/**
 * @throws TriplineError TRIPLINE_STREAM_LOCKED when another process has the directory, TRIPLINE_STREAM_DAMAGED when what
 * was stored is not there, or not whole
 */
export function openEmbeddedLog(options: EmbeddedLogOptions): EmbeddedLog {
  const { directory, reserveBytes = RESERVE_BYTES, expireEveryMs = EXPIRE_EVERY_MS } = options;
  const sync = options.sync !== "never";
  const identityFile = options.identityFile ?? join(directory, "log.json");
  const now = options.now ?? Date.now;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const lock = lockDirectory(directory);
  let storage: LmdbStorage | null = null;
  let log: LocalLog;
  let identity: LogIdentity;
  const room = new DiskRoom(directory, reserveBytes);
  try {
    identity = prepare(directory, identityFile, sync);
    storage = naming(dataFileOf(directory), () => new LmdbStorage({ directory, sync, room }));
    identity = settle(directory, identityFile, identity, sync);
    const { generation } = identity;
    const clocks = { now, ...(options.uptime === undefined ? {} : { uptime: options.uptime }) };
    log = new LocalLog(storage, { generation, ...clocks });
  } catch (error) {
    void storage?.close();
    lock.release();
    throw sayWhatToDo(error);
  }
  const opened = storage;
  const timer = expireEveryMs === 0 ? null : setInterval(expire, expireEveryMs);
  timer?.unref();

  function expire(): void {
    log.expire().catch((error: unknown) => options.onExpireError?.(error));
  }

  let closing: Promise<void> | null = null;
  async function close(): Promise<void> {
    if (timer !== null) clearInterval(timer);
    await LocalLog.prototype.close.call(log);
    if (identity.unsynced_since_boot !== undefined) {
      syncFile(dataFileOf(directory));
      const { unsynced_since_boot: _, ...synced } = identity;
      writeIdentity(identityFile, synced);
    }
    lock.release();
  }
  return Object.assign(log, {
    room: async (): Promise<Room> => {
      const freeBytes = room.freeBytes();
      const isFull = room.isFull(freeBytes);
      if (isFull && opened.fullSince() === null) await opened.setFullSince(now());
      if (!isFull && opened.fullSince() !== null) await opened.setFullSince(null);
      return { freeBytes, reserveBytes, fullSince: opened.fullSince() };
    },
    checkIntake: () => room.checkIntake(),
    close: () => {
      closing ??= close();
      return closing;
    },
  });
}

/** What is to be opened: a log that is there and whole, or a new one. Never a new one in the place of one that was lost. */
function prepare(directory: string, identityFile: string, sync: boolean): LogIdentity {
  const path = dataFileOf(directory);
  let identity = readIdentity(identityFile);
  if (identity?.state === "new") {
    // The first start did not get as far as a durable transaction: nothing was ever accepted.
    for (const file of [path, `${path}-lock`]) rmSync(file, { force: true });
  }
  const found = inspectDataFile(path);
  if (found === null) {
    if (identity?.state === "in_use") {
      throw streamError(
        "TRIPLINE_STREAM_DAMAGED",
        `the log of generation ${identity.generation} is gone: ${path} is missing or empty`,
      );
    }
    const fresh: LogIdentity = {
      format: 1,
      generation: identity?.generation ?? FIRST_GENERATION,
      state: "new",
    };
    writeIdentity(identityFile, fresh);
    return fresh;
  }
  identity ??= { format: 1, generation: FIRST_GENERATION, state: "in_use" }; // from before there were identities
  const unsynced = identity.unsynced_since_boot;
  const lostPower = unsynced !== undefined && unsynced !== currentBoot();
  if (lostPower || found.bytes < found.needs) {
    const why = lostPower
      ? "the machine went down while the log was written without syncing"
      : `${path} has ${found.bytes} bytes, and its newest state needs ${found.needs}`;
    checkApart(directory, why);
  }
  if (!sync) {
    identity = { ...identity, unsynced_since_boot: currentBoot() ?? "unknown" };
    writeIdentity(identityFile, identity);
  }
  return identity;
}

/** The log is open and whole: what was written of it so far is made durable, and said so. */
function settle(directory: string, identityFile: string, identity: LogIdentity, sync: boolean): LogIdentity {
  const isNew = identity.state === "new";
  if (!isNew && (!sync || identity.unsynced_since_boot === undefined)) return known(identityFile, identity);
  syncFile(dataFileOf(directory));
  syncDirectory(directory);
  syncDirectory(dirname(directory));
  const { unsynced_since_boot: _, ...rest } = identity;
  const settled: LogIdentity = {
    ...rest,
    state: "in_use",
    ...(sync ? {} : { unsynced_since_boot: currentBoot() ?? "unknown" }),
  };
  writeIdentity(identityFile, settled);
  return settled;
}

function known(identityFile: string, identity: LogIdentity): LogIdentity {
  if (readIdentity(identityFile) === null) writeIdentity(identityFile, identity);
  return identity;
}

function syncFile(path: string): void {
  const file = openSync(path, "r+");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function sayWhatToDo(error: unknown): unknown {
  if (!(error instanceof TriplineError) || error.code !== "TRIPLINE_STREAM_DAMAGED") return error;
  return streamError(
    "TRIPLINE_STREAM_DAMAGED",
    `${error.message}. Put the data directory back from a backup; or, if there is none, \`tripline log begin-anew\` ` +
      "moves what is left aside and begins an empty log (what it held and the store does not is lost)",
    error.cause,
  );
}
