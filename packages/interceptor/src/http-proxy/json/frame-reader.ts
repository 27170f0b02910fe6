import { HEAD_BYTES, TAIL_BYTES } from "../../mcp/large-frame.ts";
import { EnvelopeScanner, type RollingHash, type ScannedMessage } from "./envelope-scanner.ts";

/** Largest frame that is parsed; beyond, only its envelope is read (parsing 1 MB costs 2 ms and 5 MB of memory). */
export const MAX_FRAME_BYTES = 256 * 1024;

export interface FrameListener {
  /** Digests the result of a frame that is too large to be parsed. */
  startHash(): RollingHash;
  /** A frame, parsed. */
  frame(frame: unknown, bytes: number): void;
  /** The messages of a frame that is too large to be parsed, and the first and last bytes of its text. */
  large(messages: readonly ScannedMessage[], ends: FrameEnds): void;
  /** Text that is not JSON. */
  unreadable(why: string): void;
}

export interface FrameEnds {
  head: string;
  tail: string;
  /** Size of the whole. */
  bytes: number;
}

/** Puts one JSON text after another together from pieces, in bounded memory. */
export class FrameReader {
  readonly #listener: FrameListener;
  #pieces: Buffer[] = [];
  #bytes = 0;
  #scanner: EnvelopeScanner | null = null;
  #tail = Buffer.alloc(0);

  constructor(listener: FrameListener) {
    this.#listener = listener;
  }

  push(piece: Buffer): void {
    this.#bytes += piece.length;
    if (this.#scanner !== null) {
      this.#scanner.push(piece);
      this.#tail = lastBytes(this.#tail, piece);
      return;
    }
    this.#pieces.push(piece);
    if (this.#bytes <= MAX_FRAME_BYTES) return;
    this.#scanner = new EnvelopeScanner(() => this.#listener.startHash());
    for (const kept of this.#pieces) this.#scanner.push(kept);
    const read = Buffer.concat(this.#pieces);
    this.#tail = lastBytes(this.#tail, read);
    this.#pieces = [read.subarray(0, HEAD_BYTES)];
  }

  /** The text is complete; the next piece begins another one. */
  end(): void {
    const bytes = this.#bytes;
    const scanner = this.#scanner;
    const text =
      this.#pieces.length === 1 ? (this.#pieces[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#bytes = 0;
    this.#scanner = null;
    const tail = this.#tail;
    this.#tail = Buffer.alloc(0);
    if (bytes === 0) return;
    if (scanner !== null) {
      const scanned = scanner.finish();
      if (scanned.kind === "messages") {
        const ends = { head: text.toString("utf8"), tail: tail.toString("utf8"), bytes };
        this.#listener.large(scanned.messages, ends);
      } else this.#listener.unreadable(scanned.why);
      return;
    }
    let frame: unknown;
    try {
      frame = JSON.parse(text.toString("utf8"));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      this.#listener.unreadable("it is not JSON");
      return;
    }
    this.#listener.frame(frame, bytes);
  }
}

function lastBytes(before: Buffer, piece: Buffer): Buffer<ArrayBuffer> {
  return piece.length >= TAIL_BYTES
    ? Buffer.from(piece.subarray(-TAIL_BYTES))
    : Buffer.from(Buffer.concat([before, piece]).subarray(-TAIL_BYTES));
}
