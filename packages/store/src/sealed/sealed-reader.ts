import { TOPICS } from "@tripline/events";
import type { Database } from "../connection/database.ts";
import { ENVELOPE_NATIVE_SELECT } from "../native/envelope-bytes.ts";
import { nativeBlocks } from "../native/native-rows.ts";
import { PAYLOAD_NATIVE_SELECT } from "../native/payload-bytes.ts";
import { createReconcileReader } from "../queries/reconcile.ts";
import type { LogStretch } from "../queries/reconcile-types.ts";
import { ENVELOPE_SELECT, envelopeText, PAYLOAD_SELECT, payloadText } from "../queries/records.ts";
import type { QueryOptions } from "../queries/types.ts";
import type { Row } from "../sql/row.ts";
import { generationName, integer, join, type Sql, sql, text, time, uuidValue } from "../sql/sql.ts";
import { ascending, type SealedColumns, sealedBlock } from "./columns.ts";
import type {
  PlacedSealedRow,
  SealedBlock,
  SealedLetter,
  SealedPayload,
  SealedReader,
  SealedRow,
} from "./types.ts";

const LIMITS = { seconds: 60, rows: 1_000_000 };
const RECORD_COLUMNS: Sql = { pieces: [`source_offset, ${ENVELOPE_NATIVE_SELECT}`] };
const PAYLOAD_COLUMNS: Sql = { pieces: [`source_offset, record_id, ${PAYLOAD_NATIVE_SELECT}`] };
const MAX_STRAYS = 10_000; // of one answer

export function createSealedReader(database: Database): SealedReader {
  const limited = (columns: Sql, rest: Sql) => ({
    columns,
    rest: sql`${rest} LIMIT ${integer(LIMITS.rows)}`,
    limits: LIMITS,
  });
  const select = (columns: Sql, rest: Sql, options?: QueryOptions) =>
    database.select(limited(columns, rest), options);
  const native = (columns: Sql, rest: Sql, options?: QueryOptions) =>
    database.native(limited(columns, rest), options);

  async function exactRows(stretch: LogStretch, options?: QueryOptions): Promise<SealedRow[]> {
    const rows = await select(
      sql`${ENVELOPE_SELECT}, toString(id) AS the_id`,
      sql`FROM records WHERE ${at(stretch)}`,
      options,
    );
    return rows.map(sealedRow);
  }

  async function exactPayloads(stretch: LogStretch, options?: QueryOptions): Promise<SealedPayload[]> {
    const rows = await select(
      sql`${PAYLOAD_SELECT}, source_offset, toString(record_id) AS the_id`,
      sql`FROM payloads WHERE ${at(stretch)}`,
      options,
    );
    return rows.map((row) => ({
      index: row.number("source_offset"),
      recordId: idBytes(row.string("the_id")),
      bytes: rebuiltPayload(row),
    }));
  }

  async function letters(
    { generation, partition, from, to }: LogStretch,
    options?: QueryOptions,
  ): Promise<SealedLetter[]> {
    const found = await select(
      sql`id, any(letter_offset) AS the_offset, max(is_cut) AS cut`,
      sql`FROM dead_letters WHERE generation = ${generationName(generation)} AND topic = ${text(TOPICS.events)}
        AND letter_partition = ${integer(partition)} AND letter_offset >= ${integer(from)} AND letter_offset < ${integer(to)}
        GROUP BY id`,
      options,
    );
    if (found.length === 0) return [];
    const ids = join(
      found.map((row) => text(row.string("id"))),
      ", ",
    );
    const answer = await native(
      sql`id, any(value) AS the_value`,
      sql`FROM dead_letter_bytes WHERE id IN (${ids}) GROUP BY id`,
      options,
    );
    const values = new Map<string, Uint8Array>();
    for (const block of nativeBlocks(answer.bytes, answer.mark)) {
      const names = block.strings("id");
      const stored = block.strings("the_value");
      for (let row = 0; row < block.rows; row++)
        values.set(
          Buffer.from(names.bytes.subarray(names.from(row), names.to(row))).toString("utf8"),
          stored.bytes.subarray(stored.from(row), stored.to(row)),
        );
    }
    return ascending(
      found.map((row) => ({
        index: row.number("the_offset"),
        bytes: row.boolean("cut") ? null : (values.get(row.string("id")) ?? null),
      })),
    );
  }

  async function placed(which: Sql, options?: QueryOptions): Promise<PlacedSealedRow[]> {
    const rows = await select(
      sql`${ENVELOPE_SELECT}, toString(id) AS the_id`,
      sql`FROM records WHERE ${which}`,
      options,
    );
    return rows.map(placedRow);
  }

  async function columns(stretch: LogStretch, options?: QueryOptions): Promise<SealedColumns> {
    const [records, payloads, ownLetters] = await Promise.all([
      native(RECORD_COLUMNS, sql`FROM records WHERE ${at(stretch)}`, options),
      native(PAYLOAD_COLUMNS, sql`FROM payloads WHERE ${at(stretch)}`, options),
      letters(stretch, options),
    ]);
    return { records, payloads, letters: ownLetters };
  }

  return {
    columns,
    async block(stretch, options) {
      return sealedBlock(await columns(stretch, options));
    },
    async exact(stretch, options): Promise<SealedBlock> {
      const [rows, payloads] = await Promise.all([
        exactRows(stretch, options),
        exactPayloads(stretch, options),
      ]);
      return { rows: ascending(rows), payloads: ascending(payloads), letters: [] };
    },
    async byId(ids, options) {
      if (ids.length === 0) return [];
      return placed(sql`id IN (${join(ids.map(uuidValue), ", ")})`, options);
    },
    async strays({ since, until, besides, skip }, options) {
      const conditions = [
        ...(since === null ? [] : [sql`time >= ${time(since)}`]),
        ...(until === null ? [] : [sql`time < ${time(until)}`]),
        ...besides.map((stretch) => sql`NOT (${at(stretch)})`),
      ];
      const rows = await database.select(
        {
          columns: sql`${ENVELOPE_SELECT}, toString(id) AS the_id`,
          rest: sql`FROM records WHERE ${conditions.length === 0 ? sql`1` : join(conditions, " AND ")}
            ORDER BY generation, source_partition, source_offset, id LIMIT ${integer(MAX_STRAYS)} OFFSET ${integer(skip)}`,
          limits: LIMITS,
        },
        options,
      );
      return rows.map(placedRow);
    },
    erasures: (options) => placed(sql`type IN ('erasure', 'retention')`, options),
    async partitions(options) {
      const found = await createReconcileReader(database).partitions("records", options);
      return found.map(({ generation, partition, rows, highest }) => ({
        generation,
        partition,
        rows,
        highest,
      }));
    },
  };
}

function at({ generation, partition, from, to }: LogStretch): Sql {
  return sql`source_offset >= ${integer(from)} AND source_offset < ${integer(to)} AND source_partition = ${integer(partition)}
    AND generation = ${generationName(generation)}`;
}

function sealedRow(row: Row): SealedRow {
  return {
    index: row.number("source_offset"),
    id: idBytes(row.string("the_id")),
    envelope: rebuiltEnvelope(row),
  };
}

function placedRow(row: Row): PlacedSealedRow {
  return {
    ...sealedRow(row),
    generation: row.string("generation"),
    partition: row.number("source_partition"),
  };
}

/** A row that somebody changed may no longer make an envelope at all: then it has none. */
function rebuiltEnvelope(row: Row): Uint8Array {
  try {
    return Buffer.from(envelopeText(row));
  } catch (error) {
    if (error instanceof SyntaxError) return new Uint8Array();
    throw error;
  }
}

function rebuiltPayload(row: Row): Uint8Array | null {
  try {
    return Buffer.from(payloadText(row));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function idBytes(id: string): Uint8Array {
  return Buffer.from(id.replaceAll("-", ""), "hex");
}
