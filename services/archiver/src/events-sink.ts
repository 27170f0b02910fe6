import { type RowSource, rowFromPayload, type StoreWriter } from "@tripline/store";
import type { LogRecord, PartitionSink, Rejection, SinkRange } from "@tripline/stream";
import type { ArchiverMetrics } from "./archiver-metrics.ts";
import { DuplicateFilter, type Numbered } from "./duplicates.ts";
import { inTurns } from "./in-turns.ts";
import { KnownNames } from "./known-names.ts";
import { type ReadRecord, readRecord } from "./read-record.ts";
import { sourceOf } from "./source.ts";

/** A record as its rows: what it was parsed into is garbage at once, and not after the whole range. */
interface Arrived extends Numbered {
  names: Readonly<Record<string, string>> | undefined;
  appendTime: number;
  payloadRow: string | null;
  row: string;
}

/** One partition of the events topic → `payloads`, `directory`, then `records`. */
export class EventsSink implements PartitionSink {
  readonly #writer: StoreWriter;
  readonly #metrics: ArchiverMetrics;
  readonly #names = new KnownNames();
  readonly #duplicates = new DuplicateFilter();

  constructor(writer: StoreWriter, metrics: ArchiverMetrics) {
    this.#writer = writer;
    this.#metrics = metrics;
  }

  async write(range: SinkRange, records: readonly LogRecord[]): Promise<readonly Rejection[]> {
    const { arrived, rejections } = await readAll(range, records);
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
    // Payloads first: a record that can be found has its payload.
    const payloads = fresh.flatMap(({ payloadRow }) => (payloadRow === null ? [] : [payloadRow]));
    await this.#writer.insert(range, { table: "payloads", lines: payloads });
    await this.#writer.insert(range, { table: "directory", lines: names.rows });
    await this.#writer.insert(range, { table: "records", lines: fresh.map(({ row }) => row) });
    this.#duplicates.accept(look);
    this.#names.accept(names);

    this.#metrics.rows.inc({ table: "records" }, fresh.length);
    this.#metrics.rows.inc({ table: "payloads" }, payloads.length);
    this.#metrics.duplicates.inc(arrived.length - fresh.length);
    this.#metrics.late.inc(late);
    const newest = records.at(-1);
    if (newest !== undefined) this.#metrics.archived(range.topic, range.partition, newest.appendTime);
    return rejections;
  }
}

function before({ generation, partition, first }: SinkRange) {
  return { generation, partition, before: first };
}

async function readAll(
  range: SinkRange,
  records: readonly LogRecord[],
): Promise<{ arrived: Arrived[]; rejections: Rejection[] }> {
  const arrived: Arrived[] = [];
  const rejections: Rejection[] = [];
  await inTurns(records, (from) => {
    const record = readRecord(from.value);
    if ("reason" in record) {
      rejections.push({ offset: from.offset, reason: record.reason });
      return;
    }
    const { tenant, id, time, producer, payload } = record;
    const source = sourceOf(range, from);
    arrived.push({
      ...{ tenant, id, time, producer },
      names: payload?.names,
      appendTime: from.appendTime,
      payloadRow: payloadRow(record, source),
      row: record.row(source),
    });
  });
  return { arrived, rejections };
}

function payloadRow(record: ReadRecord, source: RowSource): string | null {
  const { payload, payloadText } = record;
  if (payload === undefined || payloadText === undefined) return null;
  return rowFromPayload(record, payload, payloadText, source);
}
