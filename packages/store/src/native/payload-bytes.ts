import { textFromParts } from "../rows/payload-row.ts";
import type { ByteSink } from "./byte-sink.ts";
import type { FixedColumn, Strings } from "./columns.ts";
import type { NativeBlock } from "./native-rows.ts";

/** Payloads out of columns, byte for byte as `textFromParts` makes them; what has a `rest` is left to it. */

const encoder = new TextEncoder();
const OPEN = 0x7b;
const CLOSE = 0x7d;
const QUOTE = 0x22;

export const PAYLOAD_NATIVE_SELECT = "salt, args, args_digest, result, error, rest, raw";

const KEYS = {
  salt: encoder.encode(',"salt":"'),
  args: encoder.encode(',"args":'),
  args_digest: encoder.encode(',"args_digest":"'),
  result: encoder.encode(',"result":'),
  error: encoder.encode(',"error":'),
};

export class PayloadBytes {
  readonly #sink: ByteSink;
  readonly #salt: FixedColumn;
  readonly #args: Strings;
  readonly #digest: FixedColumn;
  readonly #result: Strings;
  readonly #error: Strings;
  readonly #rest: Strings;
  readonly #raw: Strings;

  constructor(block: NativeBlock, sink: ByteSink) {
    this.#sink = sink;
    this.#salt = block.fixed("salt");
    this.#args = block.strings("args");
    this.#digest = block.fixed("args_digest");
    this.#result = block.strings("result");
    this.#error = block.strings("error");
    this.#rest = block.strings("rest");
    this.#raw = block.strings("raw");
  }

  /** A view that stays; null where the row's columns make no payload. */
  at(row: number): Uint8Array | null {
    const sink = this.#sink;
    sink.begin();
    const raw = this.#raw;
    if (raw.to(row) > raw.from(row)) sink.some(raw.bytes, raw.from(row), raw.to(row));
    else if (this.#rest.to(row) > this.#rest.from(row)) {
      const text = this.#rebuilt(row);
      if (text === null) return null;
      sink.all(encoder.encode(text));
    } else this.#write(row);
    return sink.end();
  }

  #write(row: number): void {
    const sink = this.#sink;
    this.#digits(KEYS.salt, this.#salt, row);
    const args = this.#args;
    if (args.to(row) > args.from(row)) {
      sink.all(KEYS.args);
      sink.some(args.bytes, args.from(row), args.to(row));
    }
    this.#digits(KEYS.args_digest, this.#digest, row);
    this.#text(KEYS.result, this.#result, row);
    this.#text(KEYS.error, this.#error, row);
    if (sink.length === 0) sink.byte(OPEN);
    else sink.patch(0, OPEN); // in place of the first member's comma
    sink.byte(CLOSE);
  }

  #digits(key: Uint8Array, column: FixedColumn, row: number): void {
    if (column.isZero(row)) return;
    this.#sink.all(key);
    this.#sink.hex(column.wire.bytes, column.at(row), column.at(row) + column.width);
    this.#sink.byte(QUOTE);
  }

  #text(key: Uint8Array, column: Strings, row: number): void {
    if (column.to(row) === column.from(row)) return;
    this.#sink.all(key);
    this.#sink.text(column.bytes, column.from(row), column.to(row));
  }

  #rebuilt(row: number): string | null {
    const text = ({ bytes, from, to }: Pick<Strings, "bytes"> & { from: number; to: number }) =>
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8", from, to);
    const of = (column: Strings) => text({ bytes: column.bytes, from: column.from(row), to: column.to(row) });
    const digits = (column: FixedColumn) =>
      column.isZero(row)
        ? ""
        : Buffer.from(column.wire.bytes.subarray(column.at(row), column.at(row) + column.width)).toString(
            "hex",
          );
    try {
      return textFromParts({
        ...{ args: of(this.#args), result: of(this.#result), error: of(this.#error), rest: of(this.#rest) },
        ...{ salt: digits(this.#salt), argsDigest: digits(this.#digest), raw: "" },
      });
    } catch (error) {
      if (error instanceof SyntaxError) return null;
      throw error;
    }
  }
}
