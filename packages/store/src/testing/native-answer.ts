import { randomBytes } from "node:crypto";
import { ENVELOPE_LAYOUT } from "../rows/envelope-columns.ts";
import type { SealedColumns } from "../sealed/columns.ts";
import type { SealedBlock } from "../sealed/types.ts";

/**
 * What a ClickHouse server would send of these records in the Native format, had it kept each as its bytes (`raw`), and without
 * dictionaries, as it does over HTTP. For callers of the API that serves columns.
 */
export function columnsOf({ rows, payloads, letters }: SealedBlock): SealedColumns {
  const noTexts = (count: number) => texts(new Array<Uint8Array>(count).fill(new Uint8Array()));
  const mark = randomBytes(12).toString("hex");
  const records = block(rows.length, mark, [
    ["source_offset", "UInt64", offsets(rows)],
    ...Object.entries(ENVELOPE_LAYOUT).flatMap(([, entry]) =>
      columnsIn(entry).map(([column, form]) => emptyColumn(column, form, rows)),
    ),
    ["detail", "String", noTexts(rows.length)],
    ["raw", "String", texts(rows.map(({ envelope }) => envelope))],
  ]);
  const unmade = Buffer.from("["); // no JSON: a payload that is not there to be made
  const zeros = Buffer.alloc(payloads.length * 16);
  const said = block(payloads.length, mark, [
    ["source_offset", "UInt64", offsets(payloads)],
    ["record_id", "UUID", Buffer.concat(payloads.map(({ recordId }) => uuid(recordId)))],
    ["salt", "FixedString(16)", zeros],
    ["args", "String", noTexts(payloads.length)],
    ["args_digest", "FixedString(16)", zeros],
    ["result", "String", noTexts(payloads.length)],
    ["error", "String", noTexts(payloads.length)],
    ["rest", "String", texts(payloads.map(({ bytes }) => (bytes === null ? unmade : new Uint8Array())))],
    ["raw", "String", texts(payloads.map(({ bytes }) => bytes ?? new Uint8Array()))],
  ]);
  return { records: { bytes: records, mark }, payloads: { bytes: said, mark }, letters };
}

type NamedColumn = readonly [name: string, type: string, values: Uint8Array];
type LayoutColumn = readonly [column: string, kind: { form: string }];

function columnsIn(entry: object | null): (readonly [string, string])[] {
  if (entry === null) return [];
  const all: LayoutColumn[] = isColumn(entry) ? [entry] : Object.values(entry);
  return all.map(([column, { form }]) => [column, form]);
}

function isColumn(entry: object): entry is LayoutColumn {
  return Array.isArray(entry);
}

function emptyColumn(column: string, form: string, rows: SealedBlock["rows"]): NamedColumn {
  const zeros = (width: number) => Buffer.alloc(rows.length * width);
  const nulls = (width: number) => Buffer.concat([Buffer.alloc(rows.length, 1), zeros(width)]);
  switch (form) {
    case "uuid":
      return [column, "UUID", column === "id" ? Buffer.concat(rows.map(({ id }) => uuid(id))) : zeros(16)];
    case "time":
      return [column, "DateTime64(3, 'UTC')", zeros(8)];
    case "hash":
      return ["payload_hash", "FixedString(32)", zeros(32)];
    case "count":
    case "scaled":
      return [column, "Nullable(UInt64)", nulls(8)];
    case "flag":
      return [column, "Nullable(Bool)", nulls(1)];
    case "list":
      return [`${column}_list`, "Array(String)", zeros(8)];
    default:
      return [column, "String", zeros(1)];
  }
}

function block(rows: number, mark: string, columns: readonly NamedColumn[]): Buffer {
  const marks = texts(new Array<Uint8Array>(rows).fill(Buffer.from(mark)));
  const all: NamedColumn[] = [["query_mark", "String", marks], ...columns];
  return Buffer.concat([
    varint(all.length),
    varint(rows),
    ...all.flatMap(([name, type, values]) => [texts([Buffer.from(name), Buffer.from(type)]), values]),
  ]);
}

function offsets(items: readonly { index: number }[]): Buffer {
  const bytes = Buffer.alloc(items.length * 8);
  for (const [n, { index }] of items.entries()) bytes.writeBigUInt64LE(BigInt(index), n * 8);
  return bytes;
}

function uuid(id: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(id.slice(0, 8)).reverse(), Buffer.from(id.slice(8)).reverse()]);
}

function texts(values: readonly Uint8Array[]): Buffer {
  return Buffer.concat(values.flatMap((value) => [varint(value.length), value]));
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}
