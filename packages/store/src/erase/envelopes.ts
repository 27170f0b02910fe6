import { type Envelope, MAX_KEPT, type RemovedEnvelopes, removedBy } from "@tripline/events";
import type { Database } from "../connection/database.ts";
import { generationName, hexText, integer, join, type Sql, sql, tenant, time } from "../sql/sql.ts";
import { happenedBefore } from "./covered.ts";
import type { EnvelopeEraser, TenantHold } from "./types.ts";

/**
 * Envelopes that are over their age, by partition and position, over every tenant. Erasures and retentions stay for ever: they
 * are what proves that others are gone with right.
 */

const LIMITS = { seconds: 60, rows: 200_000 };
const MAX_PARTITIONS = 10_000; // of all generations
const MAX_KEPT_ROWS = 50_000; // of one question: neighbours are one range
const PROVES = sql`type IN ('erasure', 'retention')`;

export function createEnvelopeEraser(database: Database): EnvelopeEraser {
  const ask = (columns: Sql, rest: Sql, signal?: AbortSignal) =>
    database.select({ columns, rest, limits: LIMITS }, { signal });

  return {
    async agedPartitions(before, { signal } = {}) {
      const rows = await ask(
        sql`generation, source_partition, max(source_offset) + 1 AS next`,
        sql`FROM records WHERE append_time < ${time(before)} AND NOT (${PROVES}) GROUP BY generation, source_partition
          ORDER BY generation, source_partition LIMIT ${integer(MAX_PARTITIONS)}`,
        signal,
      );
      return rows.map((row) => ({
        generation: row.string("generation"),
        partition: row.number("source_partition"),
        to: row.number("next"),
      }));
    },

    async monthsSince(before, { signal } = {}) {
      const [row] = await ask(
        sql`uniqExact(toYYYYMM(append_time)) AS months`,
        sql`FROM records WHERE append_time >= ${time(before)} LIMIT 1`,
        signal,
      );
      return row?.number("months") ?? 0;
    },

    async removable({ generation, partition, to: end }, before, holds, { signal } = {}) {
      const aged = { generation, partition };
      const free = sql`append_time < ${time(before)} AND NOT (${PROVES}) AND ${happenedBefore(before)} AND ${notHeld(holds)}`;
      const [found] = await ask(
        sql`count() AS row_count, min(source_offset) AS first, max(source_offset) + 1 AS next`,
        sql`FROM records WHERE ${stretch({ ...aged, from: 0, to: end })} AND ${free} LIMIT 1`,
        signal,
      );
      if (found === undefined || found.number("row_count") === 0) return null;
      const from = found.number("first");
      const to = found.number("next");
      const staying = await ask(
        sql`source_offset`,
        sql`FROM records WHERE ${stretch({ ...aged, from, to })} AND NOT (${free})
          GROUP BY source_offset ORDER BY source_offset LIMIT ${integer(MAX_KEPT_ROWS)}`,
        signal,
      );
      const offsets = staying.map((row) => row.number("source_offset"));
      return { ...aged, before, ...keptRanges(offsets, from, to, offsets.length === MAX_KEPT_ROWS) };
    },

    async leftEnvelopes(record, holds, { signal } = {}) {
      const where = removedWhere(record, holds);
      if (where === null) return 0;
      const [row] = await ask(sql`count() AS row_count`, sql`FROM records WHERE ${where} LIMIT 1`, signal);
      return row?.number("row_count") ?? 0;
    },

    async eraseEnvelopes(record, holds) {
      const where = removedWhere(record, holds);
      if (where !== null) await database.remove("records", where);
    },
  };
}

/** Neighbours become one range; where there are too many, the stretch ends before the first that has no place. */
export function keptRanges(
  offsets: readonly number[],
  from: number,
  to: number,
  isCut: boolean,
): Pick<RemovedEnvelopes, "from" | "to" | "kept"> {
  const kept: [number, number][] = [];
  for (const offset of offsets) {
    const last = kept.at(-1);
    if (last !== undefined && last[1] === offset) last[1] = offset + 1;
    else if (kept.length === MAX_KEPT) return { from, to: offset, kept };
    else kept.push([offset, offset + 1]);
  }
  return { from, to: isCut ? (offsets.at(-1) ?? from) + 1 : to, kept };
}

function removedWhere(record: Envelope, holds: readonly TenantHold[]): Sql | null {
  const removed = removedBy(record);
  if (removed === null) return null;
  const kept = removed.kept.map(
    ([from, to]) => sql`(source_offset >= ${integer(from)} AND source_offset < ${integer(to)})`,
  );
  const others = kept.length === 0 ? sql`1` : sql`NOT (${join(kept, " OR ")})`;
  return sql`${stretch(removed)} AND append_time < ${time(removed.before)} AND NOT (${PROVES}) AND ${others} AND ${notHeld(holds)}`;
}

function stretch({
  generation,
  partition,
  from,
  to,
}: Pick<RemovedEnvelopes, "generation" | "partition" | "from" | "to">): Sql {
  return sql`generation = ${generationName(generation)} AND source_partition = ${integer(partition)}
    AND source_offset >= ${integer(from)} AND source_offset < ${integer(to)}`;
}

function notHeld(holds: readonly TenantHold[]): Sql {
  if (holds.length === 0) return sql`1`;
  const held = holds.map(({ tenant: of, scope }) => {
    const own = sql`tenant = ${tenant(of)}`;
    if (scope.kind === "tenant") return sql`(${own})`;
    const subject = hexText(scope.subject);
    return scope.kind === "principal"
      ? sql`(${own} AND principal = ${subject})`
      : sql`(${own} AND session = ${subject})`;
  });
  return sql`NOT (${join(held, " OR ")})`;
}
