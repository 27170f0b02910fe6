import type { LedgerError, TiledLog } from "@tripline/ledger";
import type { Log, SinkRange } from "@tripline/stream";
import { entriesOf, entryOfValue } from "./entries-of-range.ts";
import { isDamage } from "./ledger-alerts.ts";
import { LedgerLoop, type LedgerLoopOptions } from "./ledger-loop.ts";

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
  /** All positions below are stored, as far as this owner knows. */
  #stored = 0;

  constructor(options: PartitionLedgerOptions) {
    this.#options = options;
    const what = `the ledger of ${options.topic}/${options.partition}`;
    const onDamage = (error: LedgerError): Promise<void> =>
      isDamage(error) ? options.onDamage(error) : Promise.resolve();
    this.#loop = new LedgerLoop({ ...options, what, onDamage }, (signal) => this.#seal(signal));
  }

  get trouble(): string | null {
    return this.isClosed ? null : this.#loop.trouble;
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
    } catch {
      this.#log = null; // the loop opens it again, meets the same trouble, and says so
    }
  }

  /** Seals what was taken, if that can be done now, and lets the log go. Whoever is next seals what could not be. */
  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    await this.#loop.close();
    const log = this.#log;
    this.#log = null;
    if (log === null) return;
    await log.checkpoint().catch((cause: unknown) => {
      this.#options.logger.warn(
        { err: cause },
        "the last leaves could not be sealed; the next owner does that",
      );
    });
    await log.close();
  }

  async #seal(signal: AbortSignal): Promise<void> {
    try {
      const log = this.#log ?? (await this.#open());
      while (log.size < this.#stored && !signal.aborted) await this.#catchUp(log, signal);
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

  /** Seals the positions from the log's end to what is stored. */
  async #catchUp(log: TiledLog, signal: AbortSignal): Promise<void> {
    const { topic, partition } = this.#options;
    const to = this.#stored;
    const { earliest = 0 } =
      (await this.#options.log.offsets(topic)).find((each) => each.partition === partition) ?? {};
    let next = log.size;
    const seal = async (last: number, byOffset: ReadonlyMap<number, Uint8Array>): Promise<void> => {
      if (last < next) return;
      await log.append(next, entriesOf(next, last, byOffset));
      next = last + 1;
    };
    while (next < Math.min(earliest, to) && !signal.aborted)
      await seal(Math.min(next + SCANNED_RECORDS, earliest, to) - 1, new Map());
    if (next >= to || signal.aborted) return;
    await this.#options.log.scan(
      { topic, partition, from: next, to, maxBatchRecords: SCANNED_RECORDS },
      async (records) => {
        signal.throwIfAborted();
        const newest = records.at(-1);
        if (newest === undefined) return;
        await seal(newest.offset, new Map(records.map((record) => [record.offset, entryOfValue(record)])));
      },
    );
    await seal(to - 1, new Map());
  }
}
