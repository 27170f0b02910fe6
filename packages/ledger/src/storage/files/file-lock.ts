import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { LedgerError } from "../../errors.ts";

const SQLITE_BUSY = 5;
const POLL_MS = 5; // what is done under the lock takes a few ms
const WAIT_MS = 10_000; // a holder that takes longer hangs: the caller must hear of it

/**
 * Excludes other processes on this machine, and other locks on this file in this one. The operating system holds it (SQLite's
 * lock on an empty database), so that it ends with the process and a stopped process keeps it.
 */
export class FileLock {
  readonly #path: string;
  #database: DatabaseSync | null = null;
  #last: Promise<unknown> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  /** @throws LedgerError TRIPLINE_LEDGER_LOCKED when it was not free for 10 s */
  run<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(() => this.#locked(work));
    this.#last = turn.catch(() => "its own caller is told");
    return turn;
  }

  close(): void {
    this.#database?.close();
    this.#database = null;
  }

  async #locked<T>(work: () => Promise<T>): Promise<T> {
    this.#database ??= new DatabaseSync(this.#path);
    const database = this.#database;
    await this.#take(database);
    try {
      return await work();
    } finally {
      database.exec("ROLLBACK");
    }
  }

  async #take(database: DatabaseSync): Promise<void> {
    const deadline = performance.now() + WAIT_MS;
    while (!take(database)) {
      if (performance.now() > deadline)
        throw new LedgerError(
          "TRIPLINE_LEDGER_LOCKED",
          `${this.#path} has been held by another process for ${WAIT_MS / 1000} s: find the process that hangs`,
        );
      await delay(POLL_MS);
    }
  }
}

function take(database: DatabaseSync): boolean {
  try {
    database.exec("BEGIN EXCLUSIVE");
    return true;
  } catch (error) {
    if (error instanceof Error && "errcode" in error && error.errcode === SQLITE_BUSY) return false;
    throw error;
  }
}
