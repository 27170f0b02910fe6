import { z } from "zod";
import type { Database } from "../connection/database.ts";
import { REVOCATION_COLUMNS } from "../rows/revocation-row.ts";
import { SOURCE_COLUMNS } from "../rows/source.ts";
import { isStorableTime } from "../rows/storable.ts";
import type { Row } from "../sql/row.ts";
import { integer, isUuid, join, type Sql, sql, tenant, text, time, uuidValue, word } from "../sql/sql.ts";
import type {
  DoubledId,
  KnownRecord,
  LogStretch,
  ReconciledTable,
  ReconcileReader,
  StoredIncident,
  StoredRevocation,
} from "./reconcile-types.ts";
import { ENVELOPE_SELECT, envelopeText, PAYLOAD_SELECT, payloadText } from "./records.ts";
import type { QueryOptions } from "./types.ts";

const LIMITS = { seconds: 60, rows: 100_000 };
const LOOKUP_IDS = 1_000; // 50 KB of statement; the engine refuses more than 256 KB
const MAX_DOUBLED = 1_000;

const TABLES: Readonly<Record<ReconciledTable, Sql>> = {
  records: sql`records`,
  payloads: sql`payloads`,
  alerts: sql`alerts`,
  alert_states: sql`alert_states`,
  revocations: sql`revocations`,
  incidents: sql`incidents`,
};

export function createReconcileReader(database: Database): ReconcileReader {
  const ask = (columns: Sql, rest: Sql, options?: QueryOptions) =>
    database.select({ columns, rest: sql`${rest} LIMIT ${integer(LIMITS.rows)}`, limits: LIMITS }, options);

  return {
    async recordsAt(stretch, options) {
      const columns = sql`${ENVELOPE_SELECT}, toString(id) AS the_id, tenant AS the_tenant, time AS the_time, producer AS the_producer,
        toString(boot) AS the_boot, seq AS the_seq`;
      const rows = await ask(columns, sql`FROM records WHERE ${at(stretch)}`, options);
      return rows.map((row) => ({
        offset: row.number("source_offset"),
        tenant: row.string("the_tenant"),
        id: row.string("the_id"),
        time: row.string("the_time"),
        producer: row.string("the_producer"),
        boot: row.string("the_boot"),
        seq: row.number("the_seq"),
        envelopeText: envelopeText(row),
      }));
    },

    async payloadsAt(stretch, options) {
      const columns = sql`${PAYLOAD_SELECT}, source_offset, toString(record_id) AS the_record_id`;
      const rows = await ask(columns, sql`FROM payloads WHERE ${at(stretch)}`, options);
      return rows.map((row) => ({
        offset: row.number("source_offset"),
        recordId: row.string("the_record_id"),
        text: rebuilt(row),
      }));
    },

    async alertsAt(stretch, options) {
      const rows = await ask(
        sql`source_offset, tenant, id, body`,
        sql`FROM alerts WHERE ${at(stretch)}`,
        options,
      );
      return rows.map((row) => ({
        offset: row.number("source_offset"),
        tenant: row.string("tenant"),
        id: row.string("id"),
        body: row.string("body"),
      }));
    },

    async alertStatesAt(stretch, options) {
      const columns = sql`source_offset, tenant, alert_id, state`;
      const rows = await ask(columns, sql`FROM alert_states WHERE ${at(stretch)}`, options);
      return rows.map((row) => ({
        offset: row.number("source_offset"),
        tenant: row.string("tenant"),
        id: row.string("alert_id"),
        state: row.string("state"),
      }));
    },

    async lettersAt({ generation, partition, from, to }, { topic, step }, options) {
      const rows = await ask(
        sql`letter_offset`,
        sql`FROM dead_letters WHERE generation = ${name(generation)} AND topic = ${name(topic)} AND step = ${name(step)}
          AND letter_partition = ${integer(partition)} AND letter_offset >= ${integer(from)} AND letter_offset < ${integer(to)}
          GROUP BY letter_offset`,
        options,
      );
      return new Set(rows.map((row) => row.number("letter_offset")));
    },

    async knownRecords(candidates, options) {
      const known = new Map<string, KnownRecord[]>();
      const usable = candidates.filter(({ id }) => isUuid(id));
      for (const [tenantId, ofTenant] of Map.groupBy(usable, (candidate) => candidate.tenant)) {
        for (const some of inParts(ofTenant)) {
          const ids = join(
            some.map(({ id }) => uuidValue(id)),
            ", ",
          );
          const rows = await ask(
            sql`toString(id) AS the_id, generation, source_partition, source_offset`,
            sql`FROM records WHERE tenant = ${tenant(tenantId)} AND ${within(some)} AND id IN (${ids})`,
            options,
          );
          for (const row of rows) {
            const place = { id: row.string("the_id"), ...placeOf(row) };
            known.set(place.id, [...(known.get(place.id) ?? []), place]);
          }
        }
      }
      return known;
    },

    async knownAlerts(candidates, options) {
      const known = new Set<string>();
      for (const [tenantId, ofTenant] of Map.groupBy(candidates, (candidate) => candidate.tenant)) {
        for (const some of inParts(ofTenant)) {
          const ids = join(
            some.map(({ id }) => word(id)),
            ", ",
          );
          const rows = await ask(
            sql`id`,
            sql`FROM alerts WHERE tenant = ${tenant(tenantId)} AND id IN (${ids}) GROUP BY id`,
            options,
          );
          for (const row of rows) known.add(row.string("id"));
        }
      }
      return known;
    },

    async revocations(candidates, options) {
      const found: StoredRevocation[] = [];
      for (const [tenantId, ofTenant] of Map.groupBy(candidates, (candidate) => candidate.tenant)) {
        for (const some of inParts(ofTenant)) {
          const ids = join(
            some.map(({ id }) => name(id)),
            ", ",
          );
          const rows = await ask(
            REVOCATION_SELECT,
            sql`FROM revocations FINAL WHERE tenant = ${tenant(tenantId)} AND id IN (${ids})`,
            options,
          );
          found.push(
            ...rows.map((row) => ({
              tenant: row.string("tenant"),
              id: row.string("id"),
              state: row.string("state"),
              ...placeOf(row),
              content: JSON.stringify(REVOCATION_CONTENT.map((column) => row.raw(column))),
            })),
          );
        }
      }
      return found;
    },

    async incidents(candidates, options) {
      const found: StoredIncident[] = [];
      for (const [tenantId, ofTenant] of Map.groupBy(candidates, (candidate) => candidate.tenant)) {
        for (const some of inParts(ofTenant)) {
          const ids = join(
            some.map(({ id }) => word(id)),
            ", ",
          );
          const rows = await ask(
            sql`tenant, id, version, body`,
            sql`FROM incidents FINAL WHERE tenant = ${tenant(tenantId)} AND id IN (${ids})`,
            options,
          );
          found.push(
            ...rows.map((row) => ({
              tenant: row.string("tenant"),
              id: row.string("id"),
              version: row.number("version"),
              body: row.string("body"),
            })),
          );
        }
      }
      return found;
    },

    async partitions(table, options) {
      const rows = await ask(
        sql`generation, source_partition, count() AS rows_there, min(source_offset) AS lowest, max(source_offset) AS highest`,
        sql`FROM ${TABLES[table]} GROUP BY generation, source_partition ORDER BY generation, source_partition`,
        options,
      );
      return rows.map((row) => ({
        generation: row.string("generation"),
        partition: row.number("source_partition"),
        rows: row.number("rows_there"),
        lowest: row.number("lowest"),
        highest: row.number("highest"),
      }));
    },

    async days(options) {
      const rows = await ask(
        sql`toString(toDate(time)) AS day, count() AS rows_there`,
        sql`FROM records GROUP BY day ORDER BY day`,
        options,
      );
      return rows.map((row) => ({ day: row.string("day"), rows: row.number("rows_there") }));
    },

    async doubledIds({ since, until, part, parts }, options) {
      const rows = await database.select(
        {
          columns: sql`tenant, toString(id) AS the_id, min(time) AS the_time, count() AS rows_there`,
          rest: sql`FROM records WHERE time >= ${time(since)} AND time < ${time(until)} AND cityHash64(id) % ${integer(parts)} = ${integer(part)}
            GROUP BY tenant, id HAVING count() > 1 ORDER BY the_time, the_id LIMIT ${integer(MAX_DOUBLED)}`,
          limits: LIMITS,
        },
        options,
      );
      return rows.map(doubled);
    },
  };
}

/** What a revocation says, without its key in the table and where it came from. */
const REVOCATION_CONTENT = REVOCATION_COLUMNS.filter(
  (column) => !["tenant", "id", "state", ...SOURCE_COLUMNS].includes(column),
);
const REVOCATION_SELECT: Sql = { pieces: [REVOCATION_COLUMNS.join(", ")] };

const rowValues = z.array(z.unknown());

/** The `content` that an entry's row would have. @param line as `rowFromRevocation` makes it */
export function revocationContent(line: string): string {
  const values = rowValues.parse(JSON.parse(line));
  return JSON.stringify(REVOCATION_CONTENT.map((column) => values[REVOCATION_COLUMNS.indexOf(column)]));
}

/** A copy has its original's time: the table's order narrows the search to that stretch. */
function within(candidates: readonly { time: string }[]): Sql {
  const times = candidates.map((candidate) => candidate.time).sort();
  const [first, last] = [times[0], times.at(-1)];
  if (first === undefined || last === undefined || !times.every(isStorableTime)) return sql`1`;
  return sql`time >= ${time(first)} AND time <= ${time(last)}`;
}

function at({ generation, partition, from, to }: LogStretch): Sql {
  return sql`source_offset >= ${integer(from)} AND source_offset < ${integer(to)} AND source_partition = ${integer(partition)}
    AND generation = ${name(generation)}`;
}

/** Our own names are written into the statement; a bound value would hold up every search while it runs. */
function name(value: string): Sql {
  return /^[A-Za-z0-9._:/-]{1,300}$/.test(value) ? { pieces: [`'${value}'`] } : text(value);
}

function placeOf(row: Row) {
  return {
    generation: row.string("generation"),
    partition: row.number("source_partition"),
    offset: row.number("source_offset"),
  };
}

/** A row that somebody changed may no longer make a payload at all. */
function rebuilt(row: Row): string | null {
  try {
    return payloadText(row);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function doubled(row: Row): DoubledId {
  return {
    tenant: row.string("tenant"),
    id: row.string("the_id"),
    time: row.string("the_time"),
    rows: row.number("rows_there"),
  };
}

function inParts<T>(items: readonly T[]): T[][] {
  const parts: T[][] = [];
  for (let first = 0; first < items.length; first += LOOKUP_IDS)
    parts.push(items.slice(first, first + LOOKUP_IDS));
  return parts;
}
