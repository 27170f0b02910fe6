import type { Database } from "../connection/database.ts";
import { type Sql, sql, tenant, text } from "../sql/sql.ts";
import { LOOKUP_LIMITS } from "./limits.ts";
import type { QueryOptions, ReaderScope, RevocationRow, RevocationTiming } from "./types.ts";

const MAX_APPLIED = 500; // interceptors shown; the first to apply come first

/** How long it took from the record that completed the pattern until calls were refused. */
export async function revocationTiming(
  database: Database,
  scope: ReaderScope,
  revocation: RevocationRow,
  appended: string,
  options: QueryOptions,
): Promise<RevocationTiming> {
  const select = (columns: Sql, rest: Sql) =>
    database.select({ columns, rest, limits: LOOKUP_LIMITS }, options);
  const ofTenant = sql`tenant = ${tenant(scope.tenant)}`;
  const [completing] =
    revocation.alert_id === null
      ? []
      : await select(
          sql`toString(r.id) AS record_id, r.time AS record_time, r.append_time AS record_appended`,
          sql`FROM records AS r WHERE ${ofTenant} AND r.id IN (
            SELECT record_id FROM alerts WHERE ${ofTenant} AND id = ${text(revocation.alert_id)}) LIMIT 1`,
        );
  const applied = await select(
    sql`producer, toString(boot) AS boot_id, JSONExtractString(detail, 'applied', 'state') AS applied_state, time`,
    sql`FROM records WHERE ${ofTenant} AND type = 'revocation.applied' AND revocation_id = ${text(revocation.id)}
      ORDER BY time, seq LIMIT ${{ pieces: [String(MAX_APPLIED)] }}`,
  );
  const [denied] = await select(
    sql`toString(id) AS record_id, time`,
    sql`FROM records WHERE ${ofTenant} AND type = 'call' AND outcome = 'denied' AND decision_rule = ${text(revocation.id)}
      ORDER BY time, seq LIMIT 1`,
  );
  const completingTime = completing?.string("record_time") ?? null;
  const interceptors = applied.map((row) => ({
    producer: row.string("producer"),
    boot: row.string("boot_id"),
    state: row.string("applied_state") === "reinstated" ? ("reinstated" as const) : ("active" as const),
    at: row.string("time"),
  }));
  const firstApplied = interceptors.find(({ state }) => state === "active")?.at ?? null;
  const firstDenied = denied?.string("time") ?? null;
  return {
    completing_record_id: completing?.string("record_id") ?? null,
    completing_record_time: completingTime,
    completing_record_appended: completing?.string("record_appended") ?? null,
    detected_at: revocation.detected_at,
    decided_at: revocation.decided_at,
    appended,
    applied: interceptors,
    first_denied_record_id: denied?.string("record_id") ?? null,
    first_denied_time: firstDenied,
    applied_after_ms: msBetween(completingTime, firstApplied),
    refused_after_ms: msBetween(completingTime, firstDenied),
  };
}

function msBetween(from: string | null, to: string | null): number | null {
  return from === null || to === null ? null : Date.parse(to) - Date.parse(from);
}
