import { closedError, streamError } from "../errors.ts";

const MAX_WAITING_BYTES = 64 * 1024 * 1024; // a second or two of the fastest disk; more only hides that it can't keep up

/** One call's share of the next write. `bytes` bounds how much goes into one transaction. */
export interface Job<T> {
  work: T;
  bytes: number;
}

interface Waiting<T> extends Job<T> {
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Group commit: while one write is on its way, what arrives meanwhile is gathered into the next one.
 * Order is kept. When a write fails, everything that waits behind it fails with the same error, so that a caller who
 * tries again in order keeps its order.
 */
export class GroupWriter<T> {
  readonly #write: (work: T[]) => Promise<void>;
  readonly #maxBytes: number;
  #queue: Waiting<T>[] = [];
  #running: Promise<void> | null = null;
  #waitingBytes = 0;
  #closed = false;

  constructor(write: (work: T[]) => Promise<void>, maxBytes: number) {
    this.#write = write;
    this.#maxBytes = maxBytes;
  }

  submit(job: Job<T>): Promise<void> {
    if (this.#closed) return Promise.reject(closedError());
    if (this.#waitingBytes > MAX_WAITING_BYTES) {
      return Promise.reject(
        streamError(
          "TRIPLINE_STREAM_UNAVAILABLE",
          `more than ${MAX_WAITING_BYTES} bytes wait to be written: wait for earlier calls before you produce more`,
        ),
      );
    }
    return new Promise((resolve, reject) => {
      this.#waitingBytes += job.bytes;
      this.#queue.push({ ...job, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Writes what waits, then refuses everything. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    await null; // calls made in this turn go together
    while (this.#queue.length > 0) {
      const jobs = this.#take();
      try {
        await this.#write(jobs.map((job) => job.work));
      } catch (error) {
        const behind = this.#queue;
        this.#queue = [];
        this.#waitingBytes = 0;
        for (const job of [...jobs, ...behind]) job.reject(error);
        continue;
      }
      for (const job of jobs) job.resolve();
    }
    this.#running = null;
  }

  #take(): Waiting<T>[] {
    let count = 0;
    for (let bytes = 0; count < this.#queue.length; count++) {
      bytes += this.#queue[count]?.bytes ?? 0;
      if (count > 0 && bytes > this.#maxBytes) break;
    }
    const taken = this.#queue.splice(0, count);
    for (const job of taken) this.#waitingBytes -= job.bytes;
    return taken;
  }
}
