import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isMainThread } from "node:worker_threads";
import { TriplineError } from "@tripline/events";
import type { Session } from "chdb";
import type { ChdbConnection } from "chdb/connection";
import { engineConfig, engineUsers, type MemoryLimits } from "./engine-config.ts";

/**
 * The embedded engine. There is one in a process, and it belongs to the main thread: when a worker thread that so much
 * as loaded it exits, the engine dies for the whole process. It is therefore loaded only when it is opened, and nothing
 * here may import `chdb` at its top. It keeps one data directory; others are refused while it is open.
 */
export class Engine {
  readonly #directory: string;
  readonly #session: Session;

  readonly #chdb: Chdb;

  private constructor(directory: string, session: Session, chdb: Chdb) {
    this.#directory = directory;
    this.#session = session;
    this.#chdb = chdb;
  }

  /** @throws TRIPLINE_STORE_WRONG_THREAD, TRIPLINE_STORE_ALREADY_OPEN, TRIPLINE_STORE_LOCKED, TRIPLINE_STORE_OPEN_FAILED */
  static async open(dataDir: string, memory: MemoryLimits): Promise<Engine> {
    if (!isMainThread) {
      throw new TriplineError(
        "TRIPLINE_STORE_WRONG_THREAD",
        "the embedded store must be opened on the main thread: a worker thread that ends would end the engine for the whole process",
      );
    }
    if (openDirectory !== null) {
      throw new TriplineError(
        "TRIPLINE_STORE_ALREADY_OPEN",
        `this process has the store in ${openDirectory} open: hand that one around, or close it first`,
      );
    }
    const directory = join(dataDir, "data");
    const config = join(dataDir, "engine.xml");
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const users = join(dataDir, "engine-users.xml");
    writeFileSync(users, engineUsers(), { mode: 0o600 });
    writeFileSync(config, engineConfig(memory, users), { mode: 0o600 });
    chmodSync(dataDir, 0o700);
    openDirectory = dataDir;
    try {
      const chdb = await loadChdb();
      // The first connection carries the configuration of the engine; later ones on the same path share it.
      const session = new chdb.Session(directory, { connectionArgs: [`--config-file=${config}`] });
      return new Engine(dataDir, session, chdb);
    } catch (cause) {
      openDirectory = null;
      throw openError(dataDir, cause);
    }
  }

  /** One more connection to the engine. It runs one query at a time. */
  connect(): ChdbConnection {
    return this.#chdb.createChdbConnection({ path: join(this.#directory, "data") });
  }

  /** Lets go of the data directory. All connections must be closed by then. */
  async close(): Promise<void> {
    await this.#chdb.drainPending();
    this.#session.close();
    await this.#chdb.drainPending();
    openDirectory = null;
  }
}

let openDirectory: string | null = null;

type Chdb = Awaited<ReturnType<typeof loadChdb>>;

async function loadChdb() {
  const [{ Session, drainPending }, { createChdbConnection }] = await Promise.all([
    import("chdb"),
    import("chdb/connection"),
  ]);
  return { Session, drainPending, createChdbConnection };
}

function openError(dataDir: string, cause: unknown): TriplineError {
  const owner = lockOwner(join(dataDir, "data", "status"));
  if (owner !== null && owner !== process.pid && isAlive(owner)) {
    return new TriplineError(
      "TRIPLINE_STORE_LOCKED",
      `the process ${owner} has the store in ${dataDir} open: stop it, or ask it over its HTTP API`,
    );
  }
  return new TriplineError(
    "TRIPLINE_STORE_OPEN_FAILED",
    `the store in ${dataDir} can't be opened: see the engine's message on stderr; is the directory writable, and of this version?`,
    { cause },
  );
}

/** The engine writes its process id into its lock file. */
function lockOwner(statusFile: string): number | null {
  if (!existsSync(statusFile)) return null;
  const pid = /^PID: (\d+)/m.exec(readFileSync(statusFile, "utf8"))?.[1];
  return pid === undefined ? null : Number(pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, but is another user's
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
