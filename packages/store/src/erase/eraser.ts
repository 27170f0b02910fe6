import {
  type Envelope,
  ErasureIndex,
  envelopeSchema,
  erasureOf,
  type HoldScope,
  TriplineError,
} from "@tripline/events";
import type { Database } from "../connection/database.ts";
import { ENVELOPE_SELECT, envelopeText } from "../queries/records.ts";
import { generationName, integer, join, type Sql, sql, tenant, time, uuidValue } from "../sql/sql.ts";
import { coveredIds, coveredNames, describedIds, maybeBefore } from "./covered.ts";
import { createEnvelopeEraser } from "./envelopes.ts";
import type { Eraser, LeftOver, LogPositions } from "./types.ts";

const LIMITS = { seconds: 60, rows: 100_000 };
export const MAX_ERASURE_RECORDS = 500_000; // 1,000 tenants with one a day for more than a year; 1 KB each

export function createEraser(database: Database): Eraser {
  const ask = (columns: Sql, rest: Sql, signal?: AbortSignal) =>
    database.select(
      { columns, rest: sql`${rest} LIMIT ${integer(LIMITS.rows)}`, limits: LIMITS },
      { signal },
    );

  async function count(columns: Sql, rest: Sql, signal?: AbortSignal): Promise<number> {
    const [row] = await ask(sql`count() AS row_count, ${columns}`, rest, signal);
    return row?.number("row_count") ?? 0;
  }

  /** Of what is over an age: nearly always nothing is left, and then the many envelopes need not be looked through. */
  async function mayBeLeft(record: Envelope, signal: AbortSignal | undefined): Promise<boolean> {
    const covers = erasureOf(record)?.covers;
    if (covers?.kind !== "age") return true;
    const where = sql`tenant = ${tenant(record.tenant)} AND ${maybeBefore(covers.before)}`;
    return (await count(sql`1 AS one`, sql`FROM payloads WHERE ${where}`, signal)) > 0;
  }

  return {
    ...createEnvelopeEraser(database),

    async records({ signal, tenant: ofTenant, from } = {}) {
      const where = [
        sql`type IN ('erasure', 'retention')`,
        ...(ofTenant === undefined ? [] : [sql`tenant = ${tenant(ofTenant)}`]),
        ...(from === undefined ? [] : [behind(from)]),
      ];
      const rows = await database.select(
        {
          columns: ENVELOPE_SELECT,
          rest: sql`FROM records WHERE ${join(where, " AND ")} ORDER BY c_time, c_id LIMIT ${integer(MAX_ERASURE_RECORDS + 1)}`,
          limits: { seconds: LIMITS.seconds, rows: MAX_ERASURE_RECORDS + 1 },
        },
        { signal },
      );
      if (rows.length > MAX_ERASURE_RECORDS) throw tooMany();
      const envelopes = rows.map((row) => envelopeSchema.parse(JSON.parse(envelopeText(row))));
      const ours = new ErasureIndex(envelopes);
      return envelopes.filter(({ id }) => ours.record(id) !== null);
    },

    async isArchived(id, { signal } = {}) {
      const where = sql`id = ${uuidValue(id)} AND type IN ('erasure', 'retention')`;
      return (await count(sql`1 AS one`, sql`FROM records WHERE ${where}`, signal)) > 0;
    },

    async left(record, holds, { signal } = {}) {
      const ids = coveredIds(record, holds);
      const described = describedIds(record);
      const names = coveredNames(record, holds);
      const left: LeftOver = { payloads: 0, names: 0, held: 0, newest_append: null };
      const mayBe = await mayBeLeft(record, signal);
      if (ids !== null && mayBe) {
        const [row] = await ask(
          sql`count() AS row_count, max(append_time) AS newest`,
          sql`FROM payloads WHERE ${payloadsOf(record, ids)}`,
          signal,
        );
        left.payloads = row?.number("row_count") ?? 0;
        left.newest_append = left.payloads === 0 ? null : (row?.time("newest") ?? null);
      }
      if (described !== null && mayBe) {
        const all = await count(
          sql`1 AS one`,
          sql`FROM payloads WHERE ${payloadsOf(record, described)}`,
          signal,
        );
        left.held = all - left.payloads;
      }
      if (names !== null)
        left.names = await count(sql`1 AS one`, sql`FROM directory FINAL WHERE ${names}`, signal);
      return left;
    },

    async erase(record: Envelope, holds: readonly HoldScope[]) {
      const ids = coveredIds(record, holds);
      if (ids !== null) await database.remove("payloads", payloadsOf(record, ids));
      const names = coveredNames(record, holds);
      if (names !== null) await database.remove("directory", names);
    },

    async removals({ signal } = {}) {
      const rows = await ask(
        sql`table, max(latest_fail_error_code_name) AS failure`,
        sql`FROM system.mutations WHERE database = currentDatabase() AND NOT is_done AND table IN ('payloads', 'directory', 'records')
          GROUP BY table ORDER BY table`,
        signal,
      );
      return rows.map((row) => ({ table: row.string("table"), trouble: row.text("failure") }));
    },

    async tenantsBefore(edges, { signal } = {}) {
      const rows = await ask(
        sql`tenant`,
        sql`FROM (SELECT tenant FROM payloads WHERE ${maybeBefore(edges.payloads)} GROUP BY tenant
          UNION DISTINCT SELECT tenant FROM directory WHERE last_seen < ${time(edges.names)} GROUP BY tenant) ORDER BY tenant`,
        signal,
      );
      return rows.map((row) => row.string("tenant"));
    },
  };
}

/** Partitions that are not named are taken whole. */
function behind({ generation, offsets }: LogPositions): Sql {
  const before = [...offsets].map(
    ([partition, offset]) =>
      sql`source_partition = ${integer(partition)} AND source_offset < ${integer(offset)}`,
  );
  const read = before.length === 0 ? sql`0` : sql`(${join(before, " OR ")})`;
  return sql`generation = ${generationName(generation)} AND NOT ${read}`;
}

function tooMany(): TriplineError {
  return new TriplineError(
    "TRIPLINE_STORE_QUERY_TOO_BROAD",
    `there are more than ${MAX_ERASURE_RECORDS} erasures and retentions: ask for those of one tenant`,
  );
}

function payloadsOf(record: Envelope, ids: Sql): Sql {
  return sql`tenant = ${tenant(record.tenant)} AND record_id IN (${ids})`;
}
