import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isMainThread } from "node:worker_threads";
import { TriplineError } from "@tripline/events";
import { Session } from "chdb";
import { createChdbConnection } from "chdb/connection";
import { engineConfig, type MemoryLimits } from "./engine-config.ts";

/**
 * The embedded engine. There is one in a process, and it belongs to the main thread: when a worker thread that used it
 * exits, the engine dies for the whole process. It keeps one data directory; others are refused while it is open.
 */
export class Engine {
  readonly #directory: string;
  readonly #session: Session;

  private constructor(directory: string, session: Session) {
    this.#directory = directory;
    this.#session = session;
  }

  /** @throws TRIPLINE_STORE_WRONG_THREAD, TRIPLINE_STORE_ALREADY_OPEN, TRIPLINE_STORE_LOCKED, TRIPLINE_STORE_OPEN_FAILED */
  static open(dataDir: string, memory: MemoryLimits): Engine {
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
    writeFileSync(config, engineConfig(memory), { mode: 0o600 });
    chmodSync(dataDir, 0o700);
    openDirectory = dataDir;
    try {
      // The first connection carries the configuration of the engine; later ones on the same path share it.
      return new Engine(dataDir, new Session(directory, { connectionArgs: [`--config-file=${config}`] }));
    } catch (cause) {
      openDirectory = null;
      throw openError(dataDir, cause);
    }
  }

  /** One more connection to the engine. It runs one query at a time. */
  connect(): ReturnType<typeof createChdbConnection> {
    return createChdbConnection({ path: join(this.#directory, "data") });
  }

  /** Lets go of the data directory. All connections must be closed by then. */
  close(): void {
    this.#session.close();
    openDirectory = null;
  }
}

let openDirectory: string | null = null;

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
