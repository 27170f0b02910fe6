import { TriplineError } from "@tripline/events";

/** A cursor over ClickHouse's Native format: little endian, lengths as varints. @throws TRIPLINE_STORE_FOREIGN_ROWS behind its end */
export class Wire {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get isAtEnd(): boolean {
    return this.at === this.bytes.length;
  }

  /** Goes on behind so many bytes; where they begin. */
  take(length: number): number {
    const at = this.at;
    if (length < 0 || at + length > this.bytes.length) throw foreign();
    this.at = at + length;
    return at;
  }

  varint(): number {
    let value = 0;
    let shift = 1;
    for (;;) {
      const byte = this.bytes[this.take(1)] ?? 0;
      value += (byte & 0x7f) * shift;
      if (byte < 0x80) return value;
      shift *= 0x80;
      if (shift > 2 ** 35) throw foreign();
    }
  }

  text(): string {
    const length = this.varint();
    const at = this.take(length);
    return decoder.decode(this.bytes.subarray(at, at + length));
  }

  /** As a double: exact up to 2^53. */
  uint64(): number {
    return this.uint64At(this.take(8));
  }

  uint64At(at: number): number {
    return this.#view.getUint32(at + 4, true) * 2 ** 32 + this.#view.getUint32(at, true);
  }

  int64At(at: number): number {
    return this.#view.getInt32(at + 4, true) * 2 ** 32 + this.#view.getUint32(at, true);
  }

  uint32At(at: number): number {
    return this.#view.getUint32(at, true);
  }

  uint16At(at: number): number {
    return this.#view.getUint16(at, true);
  }
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

export function foreign(): TriplineError {
  return new TriplineError(
    "TRIPLINE_STORE_FOREIGN_ROWS",
    "the engine answered with bytes that are not this query's rows; they were dropped: ask again",
    { kind: "retriable" },
  );
}
