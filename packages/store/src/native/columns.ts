import { foreign, type Wire } from "./wire.ts";

/** A block's columns as they stand in the answer: nothing is copied, values are looked up by row. */

export interface Strings {
  bytes: Uint8Array;
  /** Of a row's text in `bytes`. */
  from(row: number): number;
  to(row: number): number;
  /** Distinct texts, and which of them each row has, where the database sent it so. */
  dictionary: { texts: PlainStrings; keys: Uint32Array } | null;
}

export class PlainStrings implements Strings {
  readonly bytes: Uint8Array;
  readonly count: number;
  readonly dictionary = null;
  readonly #from: Uint32Array;
  readonly #to: Uint32Array;

  constructor(wire: Wire, rows: number) {
    this.bytes = wire.bytes;
    this.count = rows;
    this.#from = new Uint32Array(rows);
    this.#to = new Uint32Array(rows);
    for (let row = 0; row < rows; row++) {
      const length = wire.varint();
      const at = wire.take(length);
      this.#from[row] = at;
      this.#to[row] = at + length;
    }
  }

  from(row: number): number {
    return this.#from[row] ?? 0;
  }

  to(row: number): number {
    return this.#to[row] ?? 0;
  }
}

const LOW_CARDINALITY_VERSION = 1;
const KEY_SIZES = [1, 2, 4];
const GLOBAL_DICTIONARY = 0x100;
const OWN_KEYS = 0x200;

/** A LowCardinality(String) column: its distinct texts, and an index for each row. */
export class IndexedStrings implements Strings {
  readonly bytes: Uint8Array;
  readonly dictionary: { texts: PlainStrings; keys: Uint32Array };
  readonly #texts: PlainStrings;
  readonly #keys: Uint32Array;

  constructor(wire: Wire, rows: number) {
    if (wire.uint64() !== LOW_CARDINALITY_VERSION) throw foreign();
    const flags = wire.uint32At(wire.take(8));
    const size = KEY_SIZES[flags & 0xff];
    if (size === undefined || (flags & GLOBAL_DICTIONARY) !== 0 || (flags & OWN_KEYS) === 0) throw foreign();
    this.bytes = wire.bytes;
    const count = wire.uint64();
    if (count > wire.bytes.length) throw foreign();
    this.#texts = new PlainStrings(wire, count);
    if (wire.uint64() !== rows) throw foreign();
    const at = wire.take(rows * size);
    this.#keys = new Uint32Array(rows);
    for (let row = 0; row < rows; row++) {
      const key =
        size === 1
          ? (wire.bytes[at + row] ?? 0)
          : size === 2
            ? wire.uint16At(at + row * 2)
            : wire.uint32At(at + row * 4);
      if (key >= count) throw foreign();
      this.#keys[row] = key;
    }
    this.dictionary = { texts: this.#texts, keys: this.#keys };
  }

  from(row: number): number {
    return this.#texts.from(this.#keys[row] ?? 0);
  }

  to(row: number): number {
    return this.#texts.to(this.#keys[row] ?? 0);
  }
}

/** Values of one width: a UUID's 16 bytes, a hash's 32, a number's 8. */
export class FixedColumn {
  readonly wire: Wire;
  readonly width: number;
  readonly rows: number;
  readonly #at: number;
  readonly #nulls: number | null;

  constructor(wire: Wire, rows: number, { width, isNullable }: { width: number; isNullable: boolean }) {
    this.wire = wire;
    this.width = width;
    this.rows = rows;
    this.#nulls = isNullable ? wire.take(rows) : null;
    this.#at = wire.take(rows * width);
  }

  at(row: number): number {
    return this.#at + row * this.width;
  }

  isNull(row: number): boolean {
    return this.#nulls !== null && this.wire.bytes[this.#nulls + row] === 1;
  }

  /** Whether all its bytes are zero. */
  isZero(row: number): boolean {
    const from = this.at(row);
    for (let at = from; at < from + this.width; at++) if (this.wire.bytes[at] !== 0) return false;
    return true;
  }
}

/** An Array(String) column. */
export class StringLists {
  readonly items: PlainStrings;
  readonly #ends: Uint32Array;

  constructor(wire: Wire, rows: number) {
    const at = wire.take(rows * 8);
    this.#ends = new Uint32Array(rows);
    let last = 0;
    for (let row = 0; row < rows; row++) {
      const end = wire.uint64At(at + row * 8);
      if (end < last || end > wire.bytes.length) throw foreign();
      this.#ends[row] = end;
      last = end;
    }
    this.items = new PlainStrings(wire, last);
  }

  first(row: number): number {
    return row === 0 ? 0 : (this.#ends[row - 1] ?? 0);
  }

  end(row: number): number {
    return this.#ends[row] ?? 0;
  }
}

export type Column = Strings | FixedColumn | StringLists;

const WIDTHS: readonly (readonly [RegExp, number])[] = [
  [/^(UUID|FixedString\(16\))$/, 16],
  [/^FixedString\(32\)$/, 32],
  [/^(UInt64|DateTime64\(3.*\))$/, 8],
  [/^UInt32$/, 4],
  [/^(UInt8|Bool)$/, 1],
];

/** @throws TRIPLINE_STORE_FOREIGN_ROWS for a type that no query of a sealed reader has */
export function readColumn(wire: Wire, type: string, rows: number): Column {
  if (type === "String") return new PlainStrings(wire, rows);
  if (type === "LowCardinality(String)") return new IndexedStrings(wire, rows);
  if (type === "Array(String)") return new StringLists(wire, rows);
  const inner = /^Nullable\((.*)\)$/.exec(type)?.[1];
  const width = WIDTHS.find(([form]) => form.test(inner ?? type))?.[1];
  if (width === undefined) throw foreign();
  return new FixedColumn(wire, rows, { width, isNullable: inner !== undefined });
}
