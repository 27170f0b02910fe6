import type { Envelope } from "@tripline/events";
import { type RowSource, rowFromPayload, type StoreWriter } from "@tripline/store";
import type { LogRecord, PartitionSink, Rejection, SinkRange } from "@tripline/stream";
import type { ArchiverMetrics } from "./archiver-metrics.ts";
import { DuplicateFilter, type Numbered } from "./duplicates.ts";
import type { KnownErasures } from "./erasures/known-erasures.ts";
import { isErased, keptNames, type Leaving } from "./erasures/uncovered.ts";
import { inTurns } from "./in-turns.ts";
import { KnownNames } from "./known-names.ts";
import { entryOf, entryOfValue } from "./ledger/entries-of-range.ts";
import type { PartitionLedger } from "./ledger/partition-ledger.ts";
import { type ReadRecord, readRecord } from "./read-record.ts";
import { sourceOf } from "./source.ts";
import { StoredBefore } from "./stored-before.ts";

/** A record as its rows: what it was parsed into is garbage at once, and not after the whole range. */
interface Arrived extends Numbered {
  offset: number;
  names: Readonly<Record<string, string>> | undefined;
  appendTime: number;
  isErased: boolean;
  payloadRow: string | null;
  row: string;
}

/** One partition of the events topic → `payloads`, `directory`, then `records`; what is stored is then sealed. */
export class EventsSink implements PartitionSink {
  readonly #writer: StoreWriter;
  readonly #metrics: ArchiverMetrics;
  readonly #names = new KnownNames();
  readonly #duplicates = new DuplicateFilter();
  readonly #erasures: KnownErasures;
  readonly #stored: StoredBefore;
  readonly #ledger: PartitionLedger | null;
  /** Of the range at hand: an erasure that comes between two attempts must not change its rows. */
  #attempt: { first: number; erased: ReadonlySet<number> } | null = null;

  /** @param ledger null: nothing is sealed */
  constructor(
    writer: StoreWriter,
    metrics: ArchiverMetrics,
    erasures: KnownErasures,
    ledger: PartitionLedger | null,
  ) {
    this.#writer = writer;
    this.#metrics = metrics;
    this.#erasures = erasures;
    this.#stored = new StoredBefore(writer);
    this.#ledger = ledger;
  }

  async write(range: SinkRange, records: readonly LogRecord[]): Promise<readonly Rejection[]> {
    const { arrived, erasures, rejections, entries } = await this.#readAll(range, records);
    // Before anything of the range is stored: what the store knows as erased, every archiver knows.
    await this.#erasures.keep(erasures);
    const unknown = this.#duplicates.unknownBoots(arrived);
    if (unknown.length > 0) this.#duplicates.learn(await this.#writer.highestSeqs(range, unknown));
    const look = this.#duplicates.look(arrived);
    const known =
      look.suspects.length === 0
        ? new Set<string>()
        : await this.#writer.knownRecords(before(range), look.suspects);
    const fresh = arrived.filter((entry) => !look.repeated.has(entry) && !known.has(entry.id));
    const late = look.suspects.filter(({ id }) => !known.has(id)).length;

    const names = this.#names.look(fresh);
    await this.#writer.insert(range, { table: "directory", lines: names.rows });
    for (const part of await this.#stored.partsOf(range)) await this.#insert(part, fresh);
    await this.#ledger?.take(range, entries);
    this.#attempt = null;
    this.#duplicates.accept(look);
    this.#names.accept(names);

    this.#metrics.rows.inc({ table: "records" }, fresh.length);
    this.#metrics.rows.inc(
      { table: "payloads" },
      fresh.filter(({ payloadRow }) => payloadRow !== null).length,
    );
    this.#metrics.erased.inc(fresh.filter((entry) => entry.isErased).length);
    this.#metrics.duplicates.inc(arrived.length - fresh.length);
    this.#metrics.late.inc(late);
    const newest = records.at(-1);
    if (newest !== undefined) this.#metrics.archived(range.topic, range.partition, newest.appendTime);
    return rejections;
  }

  /** Payloads first: a record that can be found has its payload. */
  async #insert(part: SinkRange, fresh: readonly Arrived[]): Promise<void> {
    const { first, last } = part;
    const here = fresh.filter(({ offset }) => offset >= first && offset <= last);
    const payloads = here.flatMap(({ payloadRow }) => (payloadRow === null ? [] : [payloadRow]));
    await this.#writer.insert(part, { table: "payloads", lines: payloads });
    await this.#writer.insert(part, { table: "records", lines: here.map(({ row }) => row) });
  }

  onLost(): void {
    void this.#ledger?.close();
  }

  async #readAll(range: SinkRange, records: readonly LogRecord[]): Promise<ReadRange> {
    const arrived: Arrived[] = [];
    const erasures: Envelope[] = [];
    const rejections: Rejection[] = [];
    const entries = new Map<number, Uint8Array>();
    const earlier = this.#attempt?.first === range.first ? this.#attempt.erased : null;
    const erased = new Set<number>();
    await inTurns(records, (from) => {
      const record = readRecord(from.value);
      if ("reason" in record) {
        rejections.push({ offset: from.offset, reason: record.reason });
        if (this.#ledger !== null) entries.set(from.offset, entryOfValue(from));
        return;
      }
      if (this.#ledger !== null) entries.set(from.offset, entryOf(record.id, record.envelopeText));
      const { tenant, id, time, producer, envelopeText, payload } = record;
      const source = sourceOf(range, from);
      const leaving: Leaving = { tenant, envelopeText, names: payload?.names, appendTime: from.appendTime };
      const gone = earlier === null ? isErased(leaving, this.#erasures) : earlier.has(from.offset);
      if (gone) erased.add(from.offset);
      if (record.erasure !== undefined) erasures.push(record.erasure);
      arrived.push({
        ...{ tenant, id, time, producer, offset: from.offset },
        names: keptNames(leaving, gone, this.#erasures),
        appendTime: from.appendTime,
        isErased: gone && payload !== undefined,
        payloadRow: gone ? null : payloadRow(record, source),
        row: record.row(source),
      });
    });
    if (this.#ledger !== null)
      for (const { record } of range.setAside) entries.set(record.offset, entryOfValue(record));
    this.#attempt = { first: range.first, erased };
    return { arrived, erasures, rejections, entries };
  }
}

interface ReadRange {
  arrived: Arrived[];
  /** What erases or holds, in the order of the log. */
  erasures: Envelope[];
  rejections: Rejection[];
  /** What the ledger has for each position; empty where nothing is sealed. */
  entries: Map<number, Uint8Array>;
}

function before({ generation, partition, first }: SinkRange) {
  return { generation, partition, before: first };
}

function payloadRow(record: ReadRecord, source: RowSource): string | null {
  const { payload, payloadText } = record;
  if (payload === undefined || payloadText === undefined) return null;
  return rowFromPayload(record, payload, payloadText, source);
}
