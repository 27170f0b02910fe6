import { TriplineError } from "@tripline/events";
import { LedgerError, type TiledLog } from "@tripline/ledger";
import type { Log, SinkRange } from "@tripline/stream";
import { entriesOf, entryOfValue } from "./entries-of-range.ts";
import { LedgerLoop, type LedgerLoopOptions } from "./ledger-loop.ts";

const LAST_MS = 5000; // at the end: what is not sealed by then is sealed by the next owner
const SCANNED_RECORDS = 1000; // of the topic at once, when the log has to catch up

export interface PartitionLedgerOptions extends Omit<LedgerLoopOptions, "what"> {
  log: Pick<Log, "scan" | "offsets" | "committed">;
  topic: string;
  partition: number;
  /** Whose commits say what is stored. */
  group: string;
  /** Opens the partition's log, or begins it. */
  open(): Promise<TiledLog>;
  /** Told after each checkpoint. @param behind how many stored positions are not sealed yet */
  onCheckpoint?(size: number, behind: number): void;
}

/**
 * Seals what is stored of one partition: a leaf for each position. Ranges are taken as they are stored; whatever is
 * missing (a crash between store and ledger, a ledger that could not be written) is read from the topic again, so the
 * store never waits for the ledger. About once a second the leaves are made durable under a signed checkpoint.
 */
export class PartitionLedger {
  readonly #options: PartitionLedgerOptions;
  readonly #loop: LedgerLoop;
  #log: TiledLog | null = null;
  #closing: Promise<void> | null = null;
  /** What was met of it since the start: it does not go away by itself. */
  #damage: string | null = null;
  /** All positions below are stored, as far as this owner knows. */
  #stored = 0;

  constructor(options: PartitionLedgerOptions) {
    this.#options = options;
    const what = `the ledger of ${options.topic}/${options.partition}`;
    this.#loop = new LedgerLoop({ ...options, what }, (signal) => this.#seal(signal));
  }

  get trouble(): string | null {
    return this.isClosed ? null : (this.#damage ?? this.#loop.trouble);
  }

  get isClosed(): boolean {
    return this.#closing !== null;
  }

  /**
   * The range is stored. Resolves when there is room for the next one; never rejects: what can't be sealed now is later.
   * @param byOffset entries of the range's records; positions that are not there are lost ones
   */
  async take(
    { first, last }: Pick<SinkRange, "first" | "last">,
    byOffset: ReadonlyMap<number, Uint8Array>,
  ): Promise<void> {
    this.#stored = Math.max(this.#stored, last + 1);
    const log = this.#log;
    if (log === null || log.size < first) return;
    try {
      await log.append(first, entriesOf(first, last, byOffset));
    } catch (error) {
      this.#log = null; // the loop opens it again, and says what trouble it meets
      if (!(error instanceof LedgerError) || error.code !== "TRIPLINE_LEDGER_CONFLICT") return;
      this.#damage = error.message;
      await this.#options.onDamage(error).catch((cause: unknown) => {
        this.#options.logger.error({ err: cause }, `no alert could be written about this: ${error.message}`);
      });
    }
  }

  /** Seals what was taken, if that can be done now, and lets the log go. Whoever is next seals what could not be. */
  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    await this.#loop.close();
    await this.#seal(AbortSignal.timeout(LAST_MS)).catch((cause: unknown) => {
      this.#options.logger.warn(
        { err: cause },
        "what was stored last is not sealed yet; the next owner does that",
      );
    });
    await this.#log?.close();
    this.#log = null;
  }

  async #seal(signal: AbortSignal): Promise<void> {
    try {
      const log = this.#log ?? (await this.#open());
      for (let size = -1; log.size > size && log.size < this.#stored && !signal.aborted; ) {
        size = log.size;
        await this.#catchUp(log, signal);
      }
      const { size } = await log.checkpoint();
      this.#options.onCheckpoint?.(size, Math.max(0, this.#stored - size));
    } catch (error) {
      this.#log = null;
      throw error;
    }
  }

  async #open(): Promise<TiledLog> {
    const { log, topic, partition, group, open } = this.#options;
    const committed = (await log.committed(topic, group)).get(partition);
    this.#stored = Math.max(this.#stored, committed?.offset ?? 0);
    const opened = await open();
    // What was sealed is never given up: also where the stored position is behind, as after a copy of the offsets was lost.
    this.#log = opened;
    return opened;
  }

  /** Seals positions from the log's end on, up to what is stored: a part of them at least. */
  async #catchUp(log: TiledLog, signal: AbortSignal): Promise<void> {
    const { topic, partition } = this.#options;
    const to = this.#stored;
    try {
      await this.#options.log.scan(
        { topic, partition, from: log.size, to, maxBatchRecords: SCANNED_RECORDS },
        async (records) => {
          signal.throwIfAborted();
          const newest = records.at(-1);
          if (newest === undefined) return;
          const byOffset = new Map(records.map((record) => [record.offset, entryOfValue(record)]));
          await log.append(log.size, entriesOf(log.size, newest.offset, byOffset));
        },
      );
    } catch (error) {
      if (!isOutOfRange(error)) throw error;
      await this.#markLost(log, signal);
    }
  }

  /** Positions that retention has removed before they were sealed. */
  async #markLost(log: TiledLog, signal: AbortSignal): Promise<void> {
    const { topic, partition } = this.#options;
    const found = (await this.#options.log.offsets(topic)).find((each) => each.partition === partition);
    const to = Math.min(found?.earliest ?? 0, this.#stored);
    while (log.size < to && !signal.aborted) {
      const last = Math.min(log.size + SCANNED_RECORDS, to) - 1;
      await log.append(log.size, entriesOf(log.size, last, new Map()));
    }
  }
}

function isOutOfRange(error: unknown): boolean {
  return error instanceof TriplineError && error.code === "TRIPLINE_STREAM_OUT_OF_RANGE";
}
