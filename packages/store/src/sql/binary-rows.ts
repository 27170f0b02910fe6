import { TriplineError } from "@tripline/events";

/**
 * An answer in ClickHouse's RowBinary, read column by column in the query's order. Each row begins with its query's mark: see
 * `marked-query.ts`. @throws TRIPLINE_STORE_FOREIGN_ROWS for bytes that are not this query's own, whole rows
 */
export class BinaryRows {
  readonly #bytes: Buffer;
  readonly #mark: Buffer;
  #at = 0;

  constructor(bytes: Buffer, mark: string) {
    this.#bytes = bytes;
    this.#mark = Buffer.from(mark);
  }

  /** Goes to the next row; false behind the last one. */
  next(): boolean {
    if (this.#at === this.#bytes.length) return false;
    if (!this.bytes().equals(this.#mark)) throw foreign();
    return true;
  }

  uint8(): number {
    return this.#bytes.readUInt8(this.#take(1));
  }

  uint32(): number {
    return this.#bytes.readUInt32LE(this.#take(4));
  }

  /** @throws also beyond 2^53 - 1, which no offset is */
  uint64(): number {
    const at = this.#take(8);
    const high = this.#bytes.readUInt32LE(at + 4);
    if (high >= 2 ** 21) throw foreign();
    return high * 2 ** 32 + this.#bytes.readUInt32LE(at);
  }

  /** A FixedString, as a view. */
  fixed(length: number): Buffer {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** A String, as a view. */
  bytes(): Buffer {
    let length = 0;
    let shift = 1;
    for (;;) {
      const byte = this.uint8();
      length += (byte % 128) * shift;
      if (byte < 128) break;
      shift *= 128;
      if (shift > 2 ** 35) throw foreign();
    }
    return this.fixed(length);
  }

  string(): string {
    return this.bytes().toString("utf8");
  }

  #take(length: number): number {
    const at = this.#at;
    if (at + length > this.#bytes.length) throw foreign();
    this.#at = at + length;
    return at;
  }
}

function foreign(): TriplineError {
  return new TriplineError(
    "TRIPLINE_STORE_FOREIGN_ROWS",
    "the engine answered with bytes that are not this query's rows; they were dropped: ask again",
    { kind: "retriable" },
  );
}
