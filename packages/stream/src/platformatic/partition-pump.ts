import type { LogRecord } from "../log.ts";
import type { FetchTarget } from "./fetcher.ts";

const RECORD_BYTES = 200; // what a record costs beside its value, so that many small ones are bounded too

export interface PumpOptions {
  partition: number;
  from: number;
  maxBatchRecords: number;
  maxBatchBytes: number;
  /** As long as so many bytes wait to be handled, no more is fetched. */
  enoughBytes: number;
  /** One call at a time. Returns false to end. */
  handle(records: LogRecord[]): Promise<boolean>;
  onOutOfRange(offset: number): void;
  onError(error: unknown): void;
  /** More can be fetched. */
  wake(): void;
}

/** Fetched records of one partition on the way to their reader: fetched ahead, handed out one batch at a time. */
export class PartitionPump implements FetchTarget {
  readonly partition: number;
  readonly #o: PumpOptions;
  #next: number;
  #waiting: LogRecord[] = [];
  #waitingBytes = 0;
  #running: Promise<void> | null = null;
  #ended = false;

  constructor(options: PumpOptions) {
    this.partition = options.partition;
    this.#o = options;
    this.#next = options.from;
  }

  wanted(): number | null {
    return this.#ended || this.#waitingBytes >= this.#o.enoughBytes ? null : this.#next;
  }

  take(records: LogRecord[], next: number, bytes: number): void {
    this.#next = next;
    if (records.length === 0) return;
    if (this.#waiting.length === 0) this.#waiting = records;
    else for (const record of records) this.#waiting.push(record);
    this.#waitingBytes += bytes + records.length * RECORD_BYTES;
    this.#running ??= this.#run();
  }

  outOfRange(): void {
    this.#o.onOutOfRange(this.#next);
  }

  fail(error: unknown): void {
    this.#o.onError(error);
  }

  /** Hands out no more. Resolves when the running batch has been handled. */
  async end(): Promise<void> {
    this.#ended = true;
    this.#waiting = [];
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (!this.#ended && this.#waiting.length > 0) {
        const full = this.#waitingBytes >= this.#o.enoughBytes;
        const part = this.#part();
        if (full && this.#waitingBytes < this.#o.enoughBytes) this.#o.wake();
        if (!(await this.#o.handle(part))) this.#ended = true;
      }
    } catch (error) {
      this.#ended = true;
      this.#o.onError(error);
    } finally {
      this.#running = null;
    }
  }

  #part(): LogRecord[] {
    let bytes = 0;
    let count = 0;
    while (
      count < this.#waiting.length &&
      count < this.#o.maxBatchRecords &&
      bytes <= this.#o.maxBatchBytes
    ) {
      bytes += this.#waiting[count]?.value?.byteLength ?? 0;
      count++;
    }
    const part = count === this.#waiting.length ? this.#waiting : this.#waiting.slice(0, count);
    this.#waiting = count === this.#waiting.length ? [] : this.#waiting.slice(count);
    this.#waitingBytes -= bytes + count * RECORD_BYTES;
    return part;
  }
}
