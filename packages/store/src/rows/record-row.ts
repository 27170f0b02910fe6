import { EPOCH } from "../sql/row.ts";
import { type ColumnKind, ENVELOPE_LAYOUT, ENVELOPE_VERSION } from "./envelope-columns.ts";
import type { PlainEnvelope } from "./plain-envelope.ts";
import { isoTime, type RowSource, SOURCE_COLUMNS, sourceValues } from "./source.ts";

/**
 * Envelope → row of `records` → the same envelope, byte for byte. What has no column, or does not survive its column
 * exactly, goes into `detail`; where even that does not give the same bytes, `raw` holds them.
 */

interface PlacedColumn extends ColumnKind {
  index: number;
}
type Section = ReadonlyMap<string, PlacedColumn>;
type Entry = { column: PlacedColumn } | { section: Section } | null;

const columns: string[] = [];
const absentValues: unknown[] = [];

function place([column, kind]: readonly [string, ColumnKind]): PlacedColumn {
  absentValues.push(kind.absent);
  return { ...kind, index: columns.push(column) - 1 };
}

const layout = new Map<string, Entry>(
  Object.entries(ENVELOPE_LAYOUT).map(([key, entry]) => {
    if (entry === null) return [key, null];
    if (isColumn(entry)) return [key, { column: place(entry) }];
    const section = new Map(Object.entries(entry).map(([field, column]) => [field, place(column)]));
    return [key, { section }];
  }),
);

function isColumn(entry: object): entry is readonly [string, ColumnKind] {
  return Array.isArray(entry);
}

/** Columns that envelopes are rebuilt from, in the order of `EnvelopeValues`. */
export const ENVELOPE_COLUMNS: readonly string[] = [...columns];
export const RECORD_COLUMNS: readonly string[] = [
  ...columns,
  "revocation_id",
  "detail",
  "raw",
  ...SOURCE_COLUMNS,
];
const TIME_INDEX = columns.indexOf("time");
const LIST_INDEXES = ["roles", "delegation"].map((column) => columns.indexOf(column));

type Fields = Record<string, unknown>;
/** What the columns hold, and the rest. */
export interface EnvelopeValues {
  values: unknown[];
  detail: Fields | null;
}

/** Whether the keys came in the layout's order, so that they are rebuilt in it. */
interface Order {
  last: number;
  kept: boolean;
}

function fields(): Fields {
  // Without a prototype, so that a captured key "__proto__" is a key like any other.
  return Object.create(null);
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function valuesFromEnvelope(
  envelope: Readonly<Fields>,
  order: Order = { last: -1, kept: true },
): EnvelopeValues {
  const values = absentValues.slice();
  let detail: Fields | null = null;
  let hasVersion = false;
  for (const key in envelope) {
    const value = envelope[key];
    if (key === "v" && value === ENVELOPE_VERSION) {
      hasVersion = true;
      if (order.last !== -1) order.kept = false;
      continue;
    }
    const rest = placeEntry(layout.get(key) ?? null, value, values, order);
    if (rest === undefined) continue;
    detail ??= fields();
    detail[key] = rest;
  }
  if (!hasVersion) order.kept = false;
  return { values, detail };
}

/** Places what fits; returns what did not, or undefined. */
function placeEntry(entry: Entry, value: unknown, values: unknown[], order: Order): unknown {
  if (entry === null) return value;
  if ("column" in entry) return placeColumn(entry.column, value, values, order) ? undefined : value;
  return isFields(value) ? placeSection(entry.section, value, values, order) : value;
}

/** Places what fits; returns what did not, an empty object for an empty section, or undefined. */
function placeSection(section: Section, part: Fields, values: unknown[], order: Order): Fields | undefined {
  let rest: Fields | undefined;
  let isEmpty = true;
  for (const key in part) {
    isEmpty = false;
    const column = section.get(key);
    if (column !== undefined && placeColumn(column, part[key], values, order)) continue;
    rest ??= fields();
    rest[key] = part[key];
  }
  return isEmpty ? fields() : rest;
}

function placeColumn(column: PlacedColumn, value: unknown, values: unknown[], order: Order): boolean {
  const stored = column.store(value);
  if (stored === undefined) return false;
  // Columns are numbered in the layout's order, across all sections.
  if (column.index < order.last) order.kept = false;
  order.last = column.index;
  values[column.index] = stored;
  return true;
}

/** The envelope that these columns and this detail make, as JSON text. */
export function textFromValues({ values, detail }: EnvelopeValues): string {
  const envelope = fields();
  for (const [key, entry] of layout) {
    if (key === "v") {
      envelope.v = detail !== null && "v" in detail ? detail.v : ENVELOPE_VERSION;
    } else if (entry !== null && "section" in entry) {
      const rest = detail?.[key];
      const part =
        isFields(rest) || rest === undefined ? sectionFrom(entry.section, rest ?? null, values) : rest;
      if (part !== null) envelope[key] = part;
    } else if (detail !== null && key in detail) {
      envelope[key] = detail[key];
    } else if (entry !== null) {
      const stored = values[entry.column.index];
      if (stored !== entry.column.absent) envelope[key] = entry.column.load(stored);
    }
  }
  for (const key in detail) {
    if (!layout.has(key)) envelope[key] = detail[key];
  }
  return JSON.stringify(envelope);
}

function sectionFrom(section: Section, rest: Fields | null, values: unknown[]): Fields | null {
  let part: Fields | null = rest === null ? null : fields();
  for (const [key, column] of section) {
    const stored = values[column.index];
    if (rest !== null && key in rest) {
      part ??= fields();
      part[key] = rest[key];
    } else if (stored !== column.absent) {
      part ??= fields();
      part[key] = column.load(stored);
    }
  }
  for (const key in rest) {
    if (!section.has(key)) {
      part ??= fields();
      part[key] = rest[key];
    }
  }
  return part;
}

/**
 * One line for the table `records`.
 * @param envelope the envelope as parsed from `envelopeText`, with its keys as they were sent
 * @param envelopeText its exact text, as it was in the log
 * @param isPlain whether the text is `JSON.stringify(envelope)`: then keys in the usual order need no rebuilding to know
 */
export function rowFromEnvelope(
  envelope: Readonly<Fields>,
  envelopeText: string,
  isPlain: boolean,
  source: RowSource,
): string {
  const order: Order = { last: -1, kept: true };
  const made = valuesFromEnvelope(envelope, order);
  const row = made.values;
  const isTimed = row[TIME_INDEX] !== EPOCH || (made.detail !== null && "time" in made.detail);
  const isExact =
    isTimed && ((isPlain && made.detail === null && order.kept) || textFromValues(made) === envelopeText);
  const raw = isExact ? "" : envelopeText;
  // A moment that can't be one is kept in `detail`; the row is found by when it arrived.
  if (row[TIME_INDEX] === EPOCH) row[TIME_INDEX] = isoTime(source.appendTime);
  for (const index of LIST_INDEXES) row[index] ??= [];
  row.push(
    revocationId(envelope),
    made.detail === null ? "" : JSON.stringify(made.detail),
    raw.toWellFormed(),
  );
  return JSON.stringify(row.concat(sourceValues(source)));
}

/** The same line for an envelope that `scanPlainEnvelope` took. */
export function rowFromPlainEnvelope({ head }: PlainEnvelope, source: RowSource): string {
  return `${head}${JSON.stringify(sourceValues(source)).slice(1)}`;
}

/** The exact text of the envelope that was stored as these values. */
export function envelopeFromRow(row: { values: unknown[]; detail: string; raw: string }): string {
  if (row.raw !== "") return row.raw;
  const detail: unknown = row.detail === "" ? null : JSON.parse(row.detail);
  return textFromValues({ values: row.values, detail: isFields(detail) ? detail : null });
}

/** What a `revocation.applied` or `decision` record is about, for finding it. */
function revocationId(envelope: Readonly<Fields>): string {
  const { applied, decision } = envelope;
  const id = isFields(applied) ? applied.id : isFields(decision) ? decision.revocation_id : undefined;
  return typeof id === "string" ? id.toWellFormed() : "";
}
