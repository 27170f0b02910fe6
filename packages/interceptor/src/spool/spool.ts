import { write as writeAsync } from "node:fs";
import type { OnWarning } from "../core/warnings.ts";
import { SegmentWriter } from "./segment.ts";
import { SegmentQueue } from "./segment-queue.ts";

export const DEFAULT_SPOOL_BYTES = 256 * 1024 * 1024; // some 250,000 records of 1 KB: minutes to hours without a collector
export const SEGMENT_BYTES = 8 * 1024 * 1024; // the unit in which acknowledged space comes back
const MAX_PENDING_BYTES = 8 * 1024 * 1024; // kept in memory while the disk is slow; beyond, the newest is dropped
const SLOW_WRITE_MS = 5; // design: an intent holds a call up no longer
const RESERVE_BYTES = 1024 * 1024; // beyond the limit, for heartbeats only: they must tell what was dropped

export type DropReason =
  | "spool_full"
  | "spool_slow"
  | "spool_disk_full"
  | "spool_disk_error"
  | "spool_lost"
  | "internal_error";

/** Space used by all files of a producer in this process, adopted ones included. */
export interface SpoolBudget {
  used: number;
  readonly max: number;
}

/** What waits in memory for the end of the event loop's turn. `settled` says whether it is on file. */
interface PendingLine {
  bytes: Buffer;
  settled: (reason: DropReason | null) => void;
}

export interface SpoolOptions {
  /** Of this boot alone. */
  directory: string;
  budget: SpoolBudget;
  segmentBytes?: number;
  /** After a write that took longer, writing goes on in the background. Default 5 ms. */
  slowWriteMs?: number;
  onWarning: OnWarning;
  /** Something new is on file. */
  onGrown: () => void;
}

/**
 * Appends lines to segment files. A line is accepted when it is written (it survives kill -9, not power loss): lines of
 * one event-loop turn in one write at its end, `appendNow` at once. Errors of the disk are reported, never thrown.
 * After a write that took longer than SLOW_WRITE_MS writing goes on in the thread pool until it is quick again.
 */
export class Spool {
  readonly queue: SegmentQueue;
  readonly #options: SpoolOptions;
  readonly #segmentBytes: number;
  #segment: SegmentWriter | null = null;
  #nextNumber = 1;
  #pending: PendingLine[] = [];
  #pendingBytes = 0;
  #flushing: NodeJS.Immediate | null = null;
  #slow = false;
  #asyncWrite = false;
  #closed = false;
  #idle: (() => void)[] = [];

  constructor(options: SpoolOptions) {
    this.#options = options;
    this.#segmentBytes = Math.min(
      options.segmentBytes ?? SEGMENT_BYTES,
      Math.max(1, Math.floor(options.budget.max / 4)),
    );
    this.queue = new SegmentQueue(options.directory, (bytes) => {
      options.budget.used -= bytes;
    });
  }

  /** Accepts the line at the end of this turn. `settled` is called exactly once, with null or why it was dropped. */
  append(text: string, settled: PendingLine["settled"]): void {
    if (this.#add(text, settled, 0)) this.#schedule();
  }

  /** Writes the line, and all before it, before returning. Returns whether it is on file. */
  appendNow(text: string, settled: PendingLine["settled"], reserved = false): boolean {
    let onFile = false;
    const added = this.#add(
      text,
      (reason) => {
        onFile = reason === null;
        settled(reason);
      },
      reserved ? RESERVE_BYTES : 0,
    );
    if (!added) return false;
    if (this.#slow || this.#asyncWrite) this.#schedule();
    else this.flush();
    return onFile;
  }

  /** Whether a write in the thread pool is under way, so that nothing can be written at once. */
  get busy(): boolean {
    return this.#asyncWrite;
  }

  /** Writes what is pending, unless a write in the thread pool is under way. */
  flush(): void {
    if (this.#flushing !== null) clearImmediate(this.#flushing);
    this.#flushing = null;
    if (this.#pending.length === 0 || this.#asyncWrite) return;
    const lines = this.#takePending();
    const bytes = joined(lines);
    const segment = this.#writable(bytes.length, lines);
    if (segment === null) return;
    const started = performance.now();
    try {
      segment.write(bytes);
    } catch (error) {
      this.#failed(segment, lines, error);
      return;
    }
    this.#written(segment, lines, bytes.length, performance.now() - started);
  }

  /** Resolves when nothing waits in memory any more. */
  async drained(): Promise<void> {
    this.flush();
    if (this.#asyncWrite) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  close(): void {
    if (this.#closed) return;
    this.flush();
    this.#closed = true;
    this.#segment?.close();
    this.#segment = null;
    this.queue.closed();
  }

  #add(text: string, settled: PendingLine["settled"], reserve: number): boolean {
    const bytes = Buffer.from(text);
    const { budget } = this.#options;
    if (budget.used + this.#pendingBytes + bytes.length > budget.max + reserve || this.#closed) {
      settled("spool_full");
      return false;
    }
    if (this.#pendingBytes + bytes.length > MAX_PENDING_BYTES) {
      settled("spool_slow");
      return false;
    }
    this.#pending.push({ bytes, settled });
    this.#pendingBytes += bytes.length;
    return true;
  }

  #schedule(): void {
    if (this.#flushing !== null || this.#asyncWrite) return;
    this.#flushing = setImmediate(() => {
      this.#flushing = null;
      if (this.#slow) this.#flushAsync();
      else this.flush();
    });
  }

  #flushAsync(): void {
    if (this.#pending.length === 0 || this.#asyncWrite) return;
    const lines = this.#takePending();
    const bytes = joined(lines);
    const segment = this.#writable(bytes.length, lines);
    if (segment === null) return;
    this.#asyncWrite = true;
    const started = performance.now();
    writeAsync(segment.fd, bytes, 0, bytes.length, segment.length, (error, written) => {
      this.#asyncWrite = false;
      if (error !== null || written !== bytes.length) {
        segment.rollBack();
        this.#failed(segment, lines, error ?? new Error("the disk took only a part of the write"));
      } else {
        segment.grew(bytes.length);
        this.#written(segment, lines, bytes.length, performance.now() - started);
      }
      if (this.#pending.length > 0) {
        this.#schedule();
        return;
      }
      for (const resolve of this.#idle.splice(0)) resolve();
    });
  }

  #takePending(): PendingLine[] {
    const lines = this.#pending;
    this.#pending = [];
    this.#pendingBytes = 0;
    return lines;
  }

  /** The segment to write to; null when there is none to be had, and then the lines are dropped. */
  #writable(bytes: number, lines: PendingLine[]): SegmentWriter | null {
    const current = this.#segment;
    if (current !== null && !current.broken) {
      if (current.length === 0 || current.length + bytes <= this.#segmentBytes) return current;
    }
    try {
      current?.close();
      this.#segment = null;
      const segment = new SegmentWriter(this.#options.directory, this.#nextNumber);
      this.#nextNumber += 1;
      this.#segment = segment;
      this.queue.opened(segment.number);
      return segment;
    } catch (error) {
      this.#failed(null, lines, error);
      return null;
    }
  }

  #written(segment: SegmentWriter, lines: PendingLine[], bytes: number, tookMs: number): void {
    this.#slow = tookMs > (this.#options.slowWriteMs ?? SLOW_WRITE_MS);
    this.#options.budget.used += bytes;
    this.queue.grew(segment.length);
    for (const line of lines) line.settled(null);
    this.#options.onGrown();
  }

  #failed(segment: SegmentWriter | null, lines: PendingLine[], error: unknown): void {
    const noSpace = error instanceof Error && "code" in error && error.code === "ENOSPC";
    const reason = noSpace ? "spool_disk_full" : "spool_disk_error";
    if (segment?.broken === true) this.queue.closed();
    for (const line of lines) line.settled(reason);
    this.#options.onWarning({
      code: "TRIPLINE_SPOOL_WRITE",
      message: `records are being dropped: the spool ${this.#options.directory} can't be written (${reason}); free space or mend the disk`,
      cause: error,
    });
  }
}

function joined(lines: PendingLine[]): Buffer {
  const [first] = lines;
  return lines.length === 1 && first !== undefined
    ? first.bytes
    : Buffer.concat(lines.map(({ bytes }) => bytes));
}
