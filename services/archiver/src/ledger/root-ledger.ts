import {
  CHECKPOINT_PATH,
  type Checkpoint,
  type LedgerStorage,
  openCheckpoint,
  partitionPath,
  ROOT_PATH,
  rootEntry,
  type TiledLog,
} from "@tripline/ledger";
import type { InstallationLogs } from "./installation-logs.ts";
import { LedgerLoop, type LedgerLoopOptions } from "./ledger-loop.ts";
import type { Publication } from "./publication.ts";

const CHECKPOINTS_OF_AN_ENTRY = 200; // 40 KB of the 64 that an entry holds

export interface RootLedgerOptions extends Omit<LedgerLoopOptions, "what"> {
  logs: InstallationLogs;
  generation: string;
  partitions(): Promise<number>;
  publication: Publication;
  /** The most that silence lasts without an entry that says so; default 10 s. */
  idleEveryMs?: number;
  now(): number;
}

const IDLE_EVERY_MS = 10_000; // each entry rewrites the files at the log's edge: at one a second 2 GB a day, for nothing

/**
 * Takes the partitions' checkpoints into one log, about once a second, and has its checkpoint go out. An entry is made now and
 * then even when none of them has grown: that nothing happened can then be shown.
 */
export class RootLedger {
  readonly #options: RootLedgerOptions;
  readonly #loop: LedgerLoop;
  readonly #taken = new Map<string, number>();
  #log: TiledLog | null = null;
  /** The partitions' logs: their number stays within a generation. */
  #watched: { path: string; storage: LedgerStorage }[] | null = null;
  /** When the last entry was made, by a clock that only goes forward. */
  #saidAt = Number.NEGATIVE_INFINITY;

  constructor(options: RootLedgerOptions) {
    this.#options = options;
    this.#loop = new LedgerLoop({ ...options, what: "the ledger's root log" }, () => this.#take());
  }

  get trouble(): string | null {
    return this.#loop.trouble ?? this.#options.publication.trouble;
  }

  /** Takes in what was sealed last, if that can be done now. */
  async close(): Promise<void> {
    await this.#loop.close();
    await this.#take().catch((cause: unknown) => {
      this.#options.logger.warn(
        { err: cause },
        "the root log could not take in what was sealed last; it does at the next start",
      );
    });
    await this.#options.publication.close();
    const log = this.#log;
    this.#log = null;
    await log?.close();
  }

  async #take(): Promise<void> {
    try {
      this.#log ??= await this.#options.logs.open(ROOT_PATH);
      const log = this.#log;
      const grown = await this.#grown();
      const idleEveryMs = this.#options.idleEveryMs ?? IDLE_EVERY_MS;
      if (grown.length === 0 && performance.now() - this.#saidAt < idleEveryMs) return;
      const time = new Date(this.#options.now()).toISOString();
      for (let from = 0; from === 0 || from < grown.length; from += CHECKPOINTS_OF_AN_ENTRY) {
        const checkpoints = grown.slice(from, from + CHECKPOINTS_OF_AN_ENTRY);
        // One leaf a checkpoint: a former owner that does the same then meets this one at each leaf, and gives way.
        await log.append(log.size, [rootEntry({ time, checkpoints })]);
        await log.checkpoint();
      }
      const { note } = log.published;
      for (const { origin, size } of grown) this.#taken.set(origin, size);
      this.#saidAt = performance.now();
      this.#options.publication.publish(note, log.reader());
    } catch (error) {
      this.#log = null;
      throw error;
    }
  }

  async #grown(): Promise<Checkpoint[]> {
    const { logs, generation, partitions } = this.#options;
    this.#watched ??= Array.from({ length: await partitions() }, (_, each) => {
      const path = partitionPath(generation, each);
      return { path, storage: logs.place.storageOf(path) };
    });
    const found = await Promise.all(
      this.#watched.map(async ({ path, storage }) => {
        const note = await storage.read(CHECKPOINT_PATH);
        if (note === null) return null; // of this partition nothing was sealed yet
        return openCheckpoint(note, logs.verifiersOf(await logs.originOf(path)));
      }),
    );
    return found
      .filter((checkpoint) => checkpoint !== null)
      .filter(({ origin, size }) => size > (this.#taken.get(origin) ?? -1));
  }
}
