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
  #list: readonly Buffer[];
  #next = 0;
  #loaded = false;
  readonly #queue: Buffer[] = [];
  #queuedBytes = 0;
  #wanted = false;
  #finished = false;
  /** When the client last took something; ms as `performance.now()`. */
  #movedAt = performance.now();

  constructor(list: readonly Buffer[]) {
    super();
    this.#list = list;
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

  #pump(): void {
    while (this.#wanted) {
      const frame = this.#take();
      if (frame === undefined) return;
      this.#wanted = this.push(frame);
    }
  }

  #take(): Buffer | undefined {
    if (this.#next < this.#list.length) return this.#list[this.#next++];
    if (!this.#loaded) {
      this.#loaded = true;
      this.#list = [];
      this.#next = 0;
      return LOADED;
    }
    const frame = this.#queue.shift();
    this.#queuedBytes -= frame?.length ?? 0;
    return frame;
  }
}
