import type { ColumnKind } from "../rows/envelope-columns.ts";
import type { ByteSink } from "./byte-sink.ts";
import type { FixedColumn, StringLists, Strings } from "./columns.ts";
import { MomentWriter } from "./moment.ts";
import type { NativeBlock } from "./native-rows.ts";

/** One field of an envelope in a block: `,"key":value`, or nothing where the row has none. */
export interface Member {
  /** Whether any row of the block may have it. */
  isUsed: boolean;
  write(row: number, sink: ByteSink): void;
  /** As the row of JSON has it; null for none. */
  value(row: number): unknown;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const ROWS_OF_A_TEXT = 8; // from so many on, writing each distinct text once and copying it is quicker than writing it for each row
const QUOTE = 0x22;
const DASH = 0x2d;
const COMMA = 0x2c;
const BRACKETS = [0x5b, 0x5d] as const;

/** @param column as the answer names it */
export function memberOf(block: NativeBlock, key: string, column: string, kind: ColumnKind): Member {
  const opening = encoder.encode(`,"${key}":`);
  switch (kind.form) {
    case "text":
      return textMember(block.strings(column), opening, block.rows);
    case "uuid":
      return uuidMember(block.fixed(column), opening);
    case "time":
      return timeMember(block.fixed(column), opening);
    case "hash":
      return hashMember(block.fixed(column), opening);
    case "count":
      return numberMember(block.fixed(column), opening, null);
    case "scaled":
      return numberMember(block.fixed(column), opening, kind.scale ?? 1);
    case "flag":
      return flagMember(block.fixed(column), opening);
    case "list":
      return listMember(block.lists(column), opening, block.rows);
  }
}

function textMember(column: Strings, opening: Uint8Array, rows: number): Member {
  const value = (row: number) => {
    const [from, to] = [column.from(row), column.to(row)];
    return to > from ? decoder.decode(column.bytes.subarray(from, to)) : null;
  };
  const { dictionary } = column;
  if (dictionary !== null && dictionary.texts.count * ROWS_OF_A_TEXT < rows)
    return dictionaryMember(dictionary, opening, value);
  let isUsed = false;
  for (let row = 0; row < rows && !isUsed; row++) isUsed = column.to(row) > column.from(row);
  return {
    isUsed,
    value,
    write(row, sink) {
      const [from, to] = [column.from(row), column.to(row)];
      if (to === from) return;
      sink.all(opening);
      sink.text(column.bytes, from, to);
    },
  };
}

/** Each distinct text's member is written once for the block, when its first row needs it, and copied for the others. */
function dictionaryMember(
  { texts, keys }: NonNullable<Strings["dictionary"]>,
  opening: Uint8Array,
  value: Member["value"],
): Member {
  const written = new Array<Uint8Array | undefined>(texts.count);
  const member = (key: number): Uint8Array => {
    const [from, to] = [texts.from(key), texts.to(key)];
    const json = JSON.stringify(decoder.decode(texts.bytes.subarray(from, to)));
    const made =
      to === from ? new Uint8Array() : new Uint8Array(Buffer.concat([opening, encoder.encode(json)]));
    written[key] = made;
    return made;
  };
  let isUsed = false;
  for (let key = 0; key < texts.count && !isUsed; key++) isUsed = texts.to(key) > texts.from(key);
  return {
    isUsed,
    value,
    write(row, sink) {
      const key = keys[row] ?? 0;
      sink.all(written[key] ?? member(key));
    },
  };
}

function someRow(column: FixedColumn, isThere: (row: number) => boolean): boolean {
  for (let row = 0; row < column.rows; row++) if (isThere(row)) return true;
  return false;
}

/** ClickHouse keeps a UUID as two numbers of 8 bytes, each little endian. @param into 16 bytes from `at` on */
export function uuidBytesAt({ wire: { bytes } }: FixedColumn, from: number, into: Uint8Array, at = 0): void {
  for (let i = 0; i < 8; i++) {
    into[at + i] = bytes[from + 7 - i] ?? 0;
    into[at + 8 + i] = bytes[from + 15 - i] ?? 0;
  }
}

const GROUPS = [0, 4, 6, 8, 10, 16] as const;

function uuidMember(column: FixedColumn, opening: Uint8Array): Member {
  const own = new Uint8Array(16);
  const isThere = (row: number) => !column.isZero(row);
  return {
    isUsed: someRow(column, isThere),
    value: (row) => {
      if (!isThere(row)) return null;
      uuidBytesAt(column, column.at(row), own);
      const hex = Buffer.from(own).toString("hex");
      return GROUPS.slice(0, -1)
        .map((from, n) => hex.slice(from * 2, (GROUPS[n + 1] ?? 0) * 2))
        .join("-");
    },
    write(row, sink) {
      if (!isThere(row)) return;
      uuidBytesAt(column, column.at(row), own);
      sink.all(opening);
      sink.byte(QUOTE);
      sink.hex(own, 0, 4);
      sink.byte(DASH);
      sink.hex(own, 4, 6);
      sink.byte(DASH);
      sink.hex(own, 6, 8);
      sink.byte(DASH);
      sink.hex(own, 8, 10);
      sink.byte(DASH);
      sink.hex(own, 10, 16);
      sink.byte(QUOTE);
    },
  };
}

function timeMember(column: FixedColumn, opening: Uint8Array): Member {
  const isThere = (row: number) => !column.isZero(row);
  const moments = new MomentWriter();
  const at = (row: number) => column.wire.int64At(column.at(row));
  return {
    isUsed: someRow(column, isThere),
    value: (row) => (isThere(row) ? moments.text(at(row)) : null),
    write(row, sink) {
      if (!isThere(row)) return;
      sink.all(opening);
      sink.byte(QUOTE);
      moments.write(at(row), sink);
      sink.byte(QUOTE);
    },
  };
}

function hashMember(column: FixedColumn, opening: Uint8Array): Member {
  const isThere = (row: number) => !column.isZero(row);
  const { bytes } = column.wire;
  return {
    isUsed: someRow(column, isThere),
    value: (row) =>
      isThere(row)
        ? Buffer.from(bytes.subarray(column.at(row), column.at(row) + column.width)).toString("hex")
        : null,
    write(row, sink) {
      if (!isThere(row)) return;
      sink.all(opening);
      sink.byte(QUOTE);
      sink.hex(bytes, column.at(row), column.at(row) + column.width);
      sink.byte(QUOTE);
    },
  };
}

/** @param scale units in 1; null for a whole number */
function numberMember(column: FixedColumn, opening: Uint8Array, scale: number | null): Member {
  const isThere = (row: number) => !column.isNull(row);
  const stored = (row: number) => column.wire.uint64At(column.at(row));
  return {
    isUsed: someRow(column, isThere),
    value: (row) => (isThere(row) ? stored(row) : null),
    write(row, sink) {
      if (!isThere(row)) return;
      sink.all(opening);
      if (scale === null) sink.integer(stored(row));
      else sink.ascii(JSON.stringify(stored(row) / scale));
    },
  };
}

function flagMember(column: FixedColumn, opening: Uint8Array): Member {
  const isThere = (row: number) => !column.isNull(row);
  const stored = (row: number) => column.wire.bytes[column.at(row)] === 1;
  return {
    isUsed: someRow(column, isThere),
    value: (row) => (isThere(row) ? stored(row) : null),
    write(row, sink) {
      if (!isThere(row)) return;
      sink.all(opening);
      sink.ascii(stored(row) ? "true" : "false");
    },
  };
}

function listMember(column: StringLists, opening: Uint8Array, rows: number): Member {
  const { items } = column;
  const [open, close] = BRACKETS;
  return {
    isUsed: rows > 0 && column.end(rows - 1) > 0,
    value: (row) => {
      const texts: string[] = [];
      for (let item = column.first(row); item < column.end(row); item++)
        texts.push(decoder.decode(items.bytes.subarray(items.from(item), items.to(item))));
      return texts.length === 0 ? null : texts;
    },
    write(row, sink) {
      const first = column.first(row);
      const end = column.end(row);
      if (end === first) return;
      sink.all(opening);
      sink.byte(open);
      for (let item = first; item < end; item++) {
        if (item > first) sink.byte(COMMA);
        sink.text(items.bytes, items.from(item), items.to(item));
      }
      sink.byte(close);
    },
  };
}
