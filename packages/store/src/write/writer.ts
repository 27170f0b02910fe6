import { hash } from "node:crypto";
import { TriplineError } from "@tripline/events";
import type { Database, Query } from "../connection/database.ts";
import { writerError } from "../errors.ts";
import { ALERT_COLUMNS, ALERT_STATE_COLUMNS } from "../rows/alert-rows.ts";
import {
  DEAD_LETTER_BYTES_COLUMNS,
  DEAD_LETTER_COLUMNS,
  DEAD_LETTER_DECISION_COLUMNS,
} from "../rows/dead-letter-row.ts";
import { DIRECTORY_COLUMNS } from "../rows/directory-row.ts";
import { INCIDENT_ALERT_COLUMNS, INCIDENT_COLUMNS } from "../rows/incident-rows.ts";
import { PAYLOAD_COLUMNS } from "../rows/payload-row.ts";
import { RECORD_COLUMNS } from "../rows/record-row.ts";
import { REVOCATION_COLUMNS } from "../rows/revocation-row.ts";
import { isStorableTime } from "../rows/storable.ts";
import type { Row } from "../sql/row.ts";
import {
  generationName,
  integer,
  isUuid,
  join,
  type Sql,
  sql,
  table as tableName,
  tenant,
  time,
  uuidValue,
} from "../sql/sql.ts";
import {
  type BatchSource,
  type HighestSeq,
  MAX_BATCH_ROWS,
  type StoreWriter,
  type WritableTable,
} from "./types.ts";

/** The column that holds the envelope's hash is written as hex. */
const COLUMNS: Readonly<Record<WritableTable, readonly string[]>> = {
  records: RECORD_COLUMNS,
  payloads: PAYLOAD_COLUMNS,
  directory: DIRECTORY_COLUMNS,
  alerts: ALERT_COLUMNS,
  alert_states: ALERT_STATE_COLUMNS,
  revocations: REVOCATION_COLUMNS,
  incidents: INCIDENT_COLUMNS,
  incident_alerts: INCIDENT_ALERT_COLUMNS,
  dead_letters: DEAD_LETTER_COLUMNS,
  dead_letter_bytes: DEAD_LETTER_BYTES_COLUMNS,
  dead_letter_decisions: DEAD_LETTER_DECISION_COLUMNS,
};

const SCAN = { seconds: 50, rows: 1_000_000 }; // nobody waits for it but the archiver
const LOOKUP_IDS = 1_000; // 50 KB of statement; the engine refuses more than 256 KB
const LOOKUP = { seconds: 20, rows: MAX_BATCH_ROWS };

export function createWriter(database: Database): StoreWriter {
  async function select(query: Query): Promise<Row[]> {
    try {
      return await database.select(query);
    } catch (error) {
      throw writerError(error);
    }
  }

  /** How many rows of the range the table has. A batch is one block: all of it, or nothing. */
  async function storedRows({ generation, partition, first, last }: BatchSource, table: WritableTable) {
    if (!COLUMNS[table].includes("source_offset")) return 0;
    const [row] = await select({
      columns: sql`count() AS row_count`,
      rest: sql`FROM ${tableName(table)} WHERE source_offset >= ${integer(first)} AND source_offset <= ${integer(last)}
        AND source_partition = ${integer(partition)} AND generation = ${generationName(generation)} LIMIT 1`,
      limits: SCAN,
    });
    return row?.number("row_count") ?? 0;
  }

  return {
    async insert(source, rows) {
      if (rows.lines.length === 0) return;
      if (rows.lines.length > MAX_BATCH_ROWS) {
        throw new TriplineError(
          "TRIPLINE_STORE_BATCH_TOO_LARGE",
          `a batch of ${rows.lines.length} rows is more than one block: insert at most ${MAX_BATCH_ROWS}`,
        );
      }
      const { table } = rows;
      if (source.again === true && (await storedRows(source, table)) >= rows.lines.length) return;
      const body = Buffer.from(rows.lines.join("\n"));
      await database.insert({ table, columns: COLUMNS[table], body, token: token(source, table, body) });
    },

    async maxOffsets(generation) {
      const rows = await select({
        columns: sql`source_partition, max(source_offset) AS highest`,
        rest: sql`FROM records WHERE generation = ${generationName(generation)} GROUP BY source_partition LIMIT ${integer(SCAN.rows)}`,
        limits: SCAN,
      });
      return new Map(rows.map((row) => [row.number("source_partition"), row.number("highest")]));
    },

    async highestSeqs({ generation, partition }, boots) {
      const usable = boots.filter(({ boot }) => isUuid(boot));
      const found: HighestSeq[] = [];
      for (let first = 0; first < usable.length; first += LOOKUP_IDS) {
        const some = usable.slice(first, first + LOOKUP_IDS);
        // Answered by the projection `boots`: conditions only on the columns that it groups by.
        const rows = await select({
          columns: sql`tenant, producer, toString(boot) AS boot_id, max(seq) AS highest`,
          rest: sql`FROM records WHERE boot IN (${join(
            some.map(({ boot }) => uuidValue(boot)),
            ", ",
          )}) AND tenant IN (${join([...new Set(some.map(({ tenant }) => tenant))].map(tenant), ", ")})
            AND (generation != ${generationName(generation)} OR source_partition = ${integer(partition)})
            GROUP BY boot, tenant, producer LIMIT ${integer(SCAN.rows)}`,
          limits: SCAN,
        });
        for (const row of rows) {
          found.push({
            tenant: row.string("tenant"),
            producer: row.string("producer"),
            boot: row.string("boot_id"),
            seq: row.number("highest"),
          });
        }
      }
      return found;
    },

    async knownRecords({ generation, partition, before }, candidates) {
      const known = new Set<string>();
      const usable = candidates.filter(({ id }) => isUuid(id));
      const byTenant = Map.groupBy(usable, (candidate) => candidate.tenant);
      for (const [tenantId, ofTenant] of byTenant) {
        for (let first = 0; first < ofTenant.length; first += LOOKUP_IDS) {
          const some = ofTenant.slice(first, first + LOOKUP_IDS);
          const rows = await select({
            columns: sql`toString(id) AS known_id`,
            rest: sql`FROM records WHERE tenant = ${tenant(tenantId)} AND ${within(some.map(({ time }) => time))}
              AND (generation != ${generationName(generation)}
                OR (source_partition = ${integer(partition)} AND source_offset < ${integer(before)}))
              AND id IN (${join(
                some.map(({ id }) => uuidValue(id)),
                ", ",
              )})
              GROUP BY known_id LIMIT ${integer(LOOKUP.rows)}`,
            limits: LOOKUP,
          });
          for (const row of rows) known.add(row.string("known_id"));
        }
      }
      return known;
    },
  };
}

/** A copy has its original's time: the table's order narrows the search to that stretch. */
function within(times: readonly string[]): Sql {
  const sorted = [...times].sort();
  const first = sorted[0];
  const last = sorted.at(-1);
  if (first === undefined || last === undefined || !times.every(isStorableTime)) return sql`1`;
  return sql`time >= ${time(first)} AND time <= ${time(last)}`;
}

/**
 * Hazard: rows that come with a token that was seen are dropped and reported as inserted, whatever they are. The token
 * therefore names the rows themselves too.
 */
export function token(source: BatchSource, table: WritableTable, body: Buffer): string {
  const { generation, topic, partition, first, last } = source;
  const digest = hash("sha256", body, "hex");
  const origin = `${generation}:${topic}:${partition}:${first}-${last}`;
  // The token becomes part of a statement: a log's name may hold anything.
  return `${origin.replace(/[^A-Za-z0-9._:-]/g, "_")}:${table}:${digest}`;
}
