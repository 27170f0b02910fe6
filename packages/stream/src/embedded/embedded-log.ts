import { LocalLog } from "../local/local-log.ts";
import type { Log } from "../log.ts";
import { lockDirectory } from "./directory-lock.ts";
import { LmdbStorage } from "./lmdb-storage.ts";

const EXPIRE_EVERY_MS = 60_000; // retention is counted in hours and days
const RESERVE_BYTES = 256 * 1024 * 1024; // offsets can be committed and old records removed while producers are refused

export interface EmbeddedLogOptions {
  /** Made if missing. One process at a time. */
  directory: string;
  /**
   * `commit` (default): each group commit is synced to the disk before it resolves and before anyone reads it.
   * `never`: leaves that to the operating system. A killed process loses nothing, a power cut may destroy the log.
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
}

/** A log on one machine, in LMDB. */
export interface EmbeddedLog extends Log {
  /** Applies the topics' retention now. Returns how many records went. */
  expire(): Promise<number>;
}

/** @throws TriplineError TRIPLINE_STREAM_LOCKED when another process has the directory */
export function openEmbeddedLog(options: EmbeddedLogOptions): EmbeddedLog {
  const {
    directory,
    sync = "commit",
    reserveBytes = RESERVE_BYTES,
    expireEveryMs = EXPIRE_EVERY_MS,
  } = options;
  const lock = lockDirectory(directory);
  let log: LocalLog;
  try {
    const storage = new LmdbStorage({ directory, sync: sync === "commit", reserveBytes });
    log = new LocalLog(storage, { generation: "embedded-1", ...(options.now ? { now: options.now } : {}) });
  } catch (error) {
    lock.release();
    throw error;
  }
  const timer = expireEveryMs === 0 ? null : setInterval(expire, expireEveryMs);
  timer?.unref();

  function expire(): void {
    log.expire().catch((error: unknown) => options.onExpireError?.(error));
  }

  let closing: Promise<void> | null = null;
  async function close(): Promise<void> {
    if (timer !== null) clearInterval(timer);
    await LocalLog.prototype.close.call(log);
    lock.release();
  }
  return Object.assign(log, {
    close: () => {
      closing ??= close();
      return closing;
    },
  });
}
