import { type Column, FixedColumn, PlainStrings, readColumn, StringLists, type Strings } from "./columns.ts";
import { foreign, Wire } from "./wire.ts";

/** Some rows of an answer, by column. */
export interface NativeBlock {
  rows: number;
  strings(column: string): Strings;
  fixed(column: string): FixedColumn;
  lists(column: string): StringLists;
}

/**
 * An answer in ClickHouse's Native format, block after block. Each row's first column is its query's mark: see `marked-query.ts`.
 * @throws TRIPLINE_STORE_FOREIGN_ROWS for bytes that are not this query's own, whole blocks
 */
export function* nativeBlocks(bytes: Uint8Array, mark: string): Generator<NativeBlock> {
  const wire = new Wire(bytes);
  while (!wire.isAtEnd) {
    const width = wire.varint();
    const rows = wire.varint();
    if (rows > bytes.length) throw foreign();
    const columns = new Map<string, Column>();
    for (let place = 0; place < width; place++) {
      const name = wire.text();
      const type = wire.text();
      // A block without rows has no values, not even an empty dictionary.
      if (rows === 0) continue;
      const from = wire.at;
      const column = readColumn(wire, type, rows);
      if (place === 0) checkMark(column, { bytes, from, to: wire.at, mark });
      columns.set(name, column);
    }
    if (rows > 0) yield blockOf(columns, rows);
  }
}

function blockOf(columns: ReadonlyMap<string, Column>, rows: number): NativeBlock {
  return {
    rows,
    strings(name) {
      const column = columns.get(name);
      if (column === undefined || column instanceof FixedColumn || column instanceof StringLists)
        throw foreign();
      return column;
    },
    fixed(name) {
      const column = columns.get(name);
      if (!(column instanceof FixedColumn)) throw foreign();
      return column;
    },
    lists(name) {
      const column = columns.get(name);
      if (!(column instanceof StringLists)) throw foreign();
      return column;
    },
  };
}

/** The same mark in every row: the first is compared, and the others with the one before. */
function checkMark(
  column: Column,
  { bytes, from, to, mark }: { bytes: Uint8Array; from: number; to: number; mark: string },
): void {
  if (!(column instanceof PlainStrings)) throw foreign();
  const values = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from);
  const step = values.length / column.count;
  if (values.toString("latin1", 1, step) !== mark) throw foreign();
  if (!values.subarray(step).equals(values.subarray(0, values.length - step))) throw foreign();
}
