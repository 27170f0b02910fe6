import { streamError } from "../errors.ts";
import { checkStart } from "../limits.ts";
import type { LogRecord, TopicSpec } from "../log.ts";
import type { Storage } from "./storage.ts";

/** One partition as the process knows it: where it ends, and who waits for more. */
export class Partition {
  readonly topic: string;
  readonly index: number;
  readonly compacted: boolean;
  earliest: number;
  /** Only in a compacted topic: before it there are no old tombstones any more, as far as this process knows. */
  cleanBefore = 0;
  /** The offset of the next record that readers may see; what is being written lies behind it. */
  next: number;
  #lastAppendTime: number;
  readonly #storage: Storage;
  readonly #waiting = new Set<() => void>();

  constructor(storage: Storage, spec: TopicSpec, index: number) {
    const bounds = storage.bounds(spec.name, index);
    this.#storage = storage;
    this.topic = spec.name;
    this.index = index;
    this.compacted = spec.cleanup === "compact";
    this.earliest = bounds.earliest;
    this.next = bounds.next;
    this.#lastAppendTime = bounds.lastAppendTime;
  }

  /** Gives the records the next offsets and a time that never falls. Nothing sticks until `grow`. */
  number(records: LogRecord[], now: number): void {
    const appendTime = Math.max(now, this.#lastAppendTime);
    let offset = this.next;
    for (const record of records) {
      record.offset = offset++;
      record.appendTime = appendTime;
    }
  }

  /** The numbered records are durable: let readers see them. */
  grow(records: LogRecord[]): void {
    const last = records.at(-1);
    if (last === undefined) return;
    this.next = last.offset + 1;
    this.#lastAppendTime = last.appendTime;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }

  /**
   * @throws TriplineError TRIPLINE_STREAM_OUT_OF_RANGE when retention has removed what is asked for,
   * TRIPLINE_STREAM_DAMAGED when it is missing without that
   */
  read(from: number, maxRecords: number, maxBytes: number): LogRecord[] {
    if (from >= this.next) return [];
    const records = this.#storage.read(this.topic, this.index, from, maxRecords, maxBytes);
    if (!this.compacted) this.#checkDense(from, records);
    // A write may be in the storage already while nobody was told yet.
    const unseen = records.findIndex((record) => record.offset >= this.next);
    return unseen === -1 ? records : records.slice(0, unseen);
  }

  /** A gap is never passed over: every offset between the first and the last has a record, except in compacted topics. */
  #checkDense(from: number, records: readonly LogRecord[]): void {
    const at = records.findIndex(({ offset }, index) => offset !== from + index);
    if (at === -1 && records.length > 0) return;
    const missing = from + Math.max(0, at);
    checkStart({ topic: this.topic, partition: this.index, compacted: false }, missing, this);
    throw streamError(
      "TRIPLINE_STREAM_DAMAGED",
      `record ${missing} of ${this.topic}/${this.index} is missing in the log, which should hold ${this.earliest} to ${this.next - 1}`,
    );
  }

  /** Resolves when there is something at or behind `from`, or when the signal is aborted. */
  async grown(from: number, signal: AbortSignal): Promise<void> {
    while (from >= this.next && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiting.delete(wake);
          signal.removeEventListener("abort", wake);
          resolve();
        };
        this.#waiting.add(wake);
        signal.addEventListener("abort", wake);
      });
    }
  }
}
