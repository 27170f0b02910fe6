import { type Envelope, type ErasureCover, erasureOf, type HoldScope, NAME_GRACE_MS } from "@tripline/events";
import { hexText, join, type Sql, sql, tenant, time, uuidValue } from "../sql/sql.ts";

/**
 * `coversErasure` as conditions on columns. A field whose value does not fit its column is in `detail`, and the column
 * then holds something else: such a row is covered only by what the other fields say.
 */

/** The ids of covered records, as a subquery; null where the record covers nothing. */
export function coveredIds(record: Envelope, holds: readonly HoldScope[]): Sql | null {
  const said = erasureOf(record);
  if (said === null) return null;
  const scopes = [...said.except.map(({ scope }) => scope), ...holds];
  if (scopes.some(({ kind }) => kind === "tenant")) return null;
  return recordsWhere(record, said.covers, scopes.map(not));
}

/** The ids of what the record would cover, were there no holds. */
export function describedIds(record: Envelope): Sql | null {
  const said = erasureOf(record);
  return said === null ? null : recordsWhere(record, said.covers, []);
}

/** Names that go with the record, as a condition on `directory`; null where none do. */
export function coveredNames(record: Envelope, holds: readonly HoldScope[]): Sql | null {
  const said = erasureOf(record);
  if (said === null) return null;
  const scopes = [...said.except.map(({ scope }) => scope), ...holds];
  if (scopes.some(({ kind }) => kind === "tenant")) return null;
  const { covers } = said;
  const kept = scopes.flatMap((scope) =>
    scope.kind === "principal" ? [sql`subject_id != ${hexText(scope.subject)}`] : [],
  );
  const of = (condition: Sql) => join([sql`tenant = ${tenant(record.tenant)}`, condition, ...kept], " AND ");
  if (covers.kind === "principal") {
    const until = time(new Date(Date.parse(covers.before) + NAME_GRACE_MS).toISOString());
    return of(sql`subject_id = ${hexText(covers.principal)} AND last_seen < ${until}`);
  }
  const before = record.retention?.action === "expired" ? record.retention.names_before : undefined;
  return before === undefined ? null : of(sql`last_seen < ${time(before)}`);
}

function recordsWhere(record: Envelope, covers: ErasureCover, more: readonly Sql[]): Sql {
  const conditions = [sql`tenant = ${tenant(record.tenant)}`, described(record, covers), ...more];
  return sql`SELECT id FROM records WHERE ${join(conditions, " AND ")}`;
}

function described(record: Envelope, covers: ErasureCover): Sql {
  switch (covers.kind) {
    case "records":
      return sql`id IN (${join(covers.ids.map(uuidValue), ", ")})`;
    case "principal":
      return sql`principal = ${hexText(covers.principal)} AND ${happenedBefore(covers.before)}`;
    case "session":
      return sql`session = ${hexText(covers.session)} AND ${happenedBefore(covers.before)}`;
    case "age":
      // Only what still has a payload: the others are most of the table.
      return sql`${happenedBefore(covers.before)} AND id IN (SELECT record_id FROM payloads
        WHERE tenant = ${tenant(record.tenant)} AND ${maybeBefore(covers.before)})`;
  }
}

function not(scope: HoldScope): Sql {
  if (scope.kind === "tenant") return sql`0`;
  return scope.kind === "principal"
    ? sql`principal != ${hexText(scope.subject)}`
    : sql`session != ${hexText(scope.subject)}`;
}

/** A time that is none is kept in `detail`, and the row has its append time instead. */
export function happenedBefore(before: string): Sql {
  const edge = time(before);
  return sql`((time < ${edge} AND NOT JSONHas(detail, 'time')) OR (received < ${edge} AND received > toDateTime64(0, 3, 'UTC')))`;
}

const CLOCKS_APART_MS = 24 * 3600 * 1000; // collector and broker; what is further apart expires a day later

/** Of the payloads' own columns: all that can be covered, and a little more. */
export function maybeBefore(before: string): Sql {
  const later = time(new Date(Date.parse(before) + CLOCKS_APART_MS).toISOString());
  return sql`(time < ${time(before)} OR append_time < ${later})`;
}
