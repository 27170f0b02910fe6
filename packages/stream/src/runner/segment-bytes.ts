import { streamError } from "../errors.ts";
import type { StateEntry } from "./step-state.ts";

const LENGTH_BYTES = 4;
const REMOVED = 0xffffffff; // in place of a value's length

/** Gathers entries into chunks: length and text of the key, then of the value. An entry may lie across two chunks. */
export class SegmentBytes {
  readonly #chunkBytes: number;
  #chunks: Buffer[] = [];
  #open: Buffer;
  #filled = 0;

  constructor(chunkBytes: number) {
    this.#chunkBytes = chunkBytes;
    this.#open = Buffer.allocUnsafe(chunkBytes);
  }

  add({ key, value }: StateEntry): void {
    this.#text(key);
    if (value === null) this.#number(REMOVED);
    else this.#text(value);
  }

  /** The chunks that are full; at the end, also the last one. */
  take(end: boolean): Buffer[] {
    const chunks = this.#chunks;
    this.#chunks = [];
    if (end && this.#filled > 0) {
      chunks.push(this.#open.subarray(0, this.#filled));
      this.#filled = 0;
    }
    return chunks;
  }

  #text(text: string): void {
    const bytes = Buffer.byteLength(text);
    this.#number(bytes);
    if (bytes <= this.#chunkBytes - this.#filled) {
      this.#filled += this.#open.write(text, this.#filled);
      return;
    }
    this.#bytes(Buffer.from(text));
  }

  #number(value: number): void {
    const bytes = Buffer.allocUnsafe(LENGTH_BYTES);
    bytes.writeUInt32BE(value);
    this.#bytes(bytes);
  }

  #bytes(bytes: Buffer): void {
    for (let from = 0; from < bytes.length; ) {
      const copied = bytes.copy(this.#open, this.#filled, from);
      from += copied;
      this.#filled += copied;
      if (this.#filled < this.#chunkBytes) continue;
      this.#chunks.push(this.#open);
      this.#open = Buffer.allocUnsafe(this.#chunkBytes);
      this.#filled = 0;
    }
  }
}

/** The entries of a whole segment. @throws TriplineError TRIPLINE_STREAM_STATE_MISSING for what is none */
export function* entriesOf(segment: Buffer): IterableIterator<StateEntry> {
  let at = 0;
  const length = (): number => {
    if (at + LENGTH_BYTES > segment.length) throw broken();
    at += LENGTH_BYTES;
    return segment.readUInt32BE(at - LENGTH_BYTES);
  };
  const text = (bytes: number): string => {
    if (at + bytes > segment.length) throw broken();
    at += bytes;
    return segment.toString("utf8", at - bytes, at);
  };
  while (at < segment.length) {
    const key = text(length());
    const bytes = length();
    yield { key, value: bytes === REMOVED ? null : text(bytes) };
  }
}

function broken(): Error {
  return streamError(
    "TRIPLINE_STREAM_STATE_MISSING",
    "a segment of the state ends in the middle of an entry",
  );
}
