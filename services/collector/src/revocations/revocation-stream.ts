import { Readable } from "node:stream";

/** What a client may owe before it is cut off; it then connects anew and is sent the whole list. */
export const MAX_BUFFERED_BYTES = 1024 * 1024;

const LOADED = Buffer.from("event: loaded\ndata: {}\n\n");
const COMMENT = Buffer.from(": still here\n\n");

/**
 * One interceptor's stream: the list as it was at the start, `loaded`, and then what comes. It is read as fast as the
 * client takes it. The frames are shared by all clients; the list costs a client nothing but its place in it.
 */
export class RevocationStream extends Readable {
  #list: Iterator<Buffer> | null;
  #loaded = false;
  readonly #queue: Buffer[] = [];
  #queuedBytes = 0;
  #wanted = false;
  #finished = false;
  /** When the client last took something; ms as `performance.now()`. */
  #movedAt = performance.now();

  constructor(list: Iterable<Buffer>) {
    super();
    this.#list = list[Symbol.iterator]();
  }

  /** A new entry, behind all before it. False when the client is too slow: it is cut off. */
  offer(frame: Buffer): boolean {
    this.#queue.push(frame);
    this.#queuedBytes += frame.length;
    this.#pump();
    if (this.#queuedBytes <= MAX_BUFFERED_BYTES) return true;
    this.destroy();
    return false;
  }

  /** Says that the connection lives, unless something else waits to say it. False when nothing moved for `stalledMs`: it is cut off. */
  comment(stalledMs: number): boolean {
    if (this.#wanted && this.#queue.length === 0) {
      this.#wanted = this.push(COMMENT);
      this.#movedAt = performance.now();
    } else if (performance.now() - this.#movedAt > stalledMs) {
      this.destroy();
      return false;
    }
    return true;
  }

  /** The client sees the end of the stream at once; what it was not sent, it gets with the list when it comes back. */
  finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#wanted = false;
    this.push(null);
  }

  override _read(): void {
    this.#wanted = !this.#finished;
    this.#movedAt = performance.now();
    this.#pump();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#list?.return?.();
    this.#list = null;
    done(error);
  }

  #pump(): void {
    while (this.#wanted) {
      const frame = this.#take();
      if (frame === undefined) return;
      this.#wanted = this.push(frame);
    }
  }

  #take(): Buffer | undefined {
    const next = this.#list?.next();
    if (next !== undefined && next.done !== true) return next.value;
    this.#list = null;
    if (!this.#loaded) {
      this.#loaded = true;
      return LOADED;
    }
    const frame = this.#queue.shift();
    this.#queuedBytes -= frame?.length ?? 0;
    return frame;
  }
}
