import { REVOCATION_SCOPES, revocationSchema, TriplineError } from "@tripline/events";
import type { Database } from "../connection/database.ts";
import type { Row } from "../sql/row.ts";
import { join, type Sql, sql, tenant, text, time } from "../sql/sql.ts";
import { afterCursor, orderAndLimit, planPage, toPage } from "./cursor.ts";
import { alertsOfIncident } from "./incidents.ts";
import { LOOKUP_LIMITS, PAGE_LIMITS } from "./limits.ts";
import { revocationCourse } from "./revocation-course.ts";
import { revocationTiming } from "./revocation-timing.ts";
import { words } from "./search-calls.ts";
import type {
  Page,
  PageRequest,
  QueryOptions,
  ReaderScope,
  RevocationDetail,
  RevocationFilter,
  RevocationRow,
} from "./types.ts";

const COLUMNS = sql`id, scope, subject, state, reason, by, rule_id, alert_id, detected_at, decided_at, expires_at,
  reinstated_at, key_id, signature`;
const POSITION = { time: sql`decided_at`, seq: sql`toUInt8(0)`, id: sql`id` };
const STATES = revocationSchema.shape.state.options;

/** One row for each entry: its reinstated self where there is one, whose `first_append` is the active one's. */
function latest(scope: ReaderScope, condition: Sql): Sql {
  return sql`(SELECT *, min(append_time) OVER (PARTITION BY id) AS first_append FROM revocations FINAL
    WHERE tenant = ${tenant(scope.tenant)} AND ${condition} ORDER BY id, state DESC LIMIT 1 BY id)`;
}

export async function revocations(
  database: Database,
  scope: ReaderScope,
  filter: RevocationFilter = {},
  page: PageRequest = {},
  options: QueryOptions = {},
): Promise<Page<RevocationRow>> {
  const plan = planPage(page, "newest");
  const conditions: Sql[] = [];
  if (filter.state !== undefined) conditions.push(sql`state IN (${words([filter.state], STATES, "state")})`);
  if (filter.scope !== undefined) {
    conditions.push(sql`scope IN (${words([filter.scope], REVOCATION_SCOPES, "scope")})`);
  }
  if (filter.subject !== undefined) conditions.push(sql`subject = ${text(filter.subject)}`);
  if (filter.since !== undefined) conditions.push(sql`decided_at >= ${time(filter.since)}`);
  if (filter.until !== undefined) conditions.push(sql`decided_at < ${time(filter.until)}`);
  if (filter.incident !== undefined) {
    conditions.push(sql`alert_id IN ${alertsOfIncident(scope, filter.incident)}`);
  }
  conditions.push(sql`(${afterCursor(plan, POSITION, text)})`);
  const rows = await database.select(
    {
      columns: COLUMNS,
      rest: sql`FROM ${latest(scope, sql`1`)} WHERE ${join(conditions, " AND ")} ${orderAndLimit(plan, POSITION)}`,
      limits: PAGE_LIMITS,
    },
    options,
  );
  return toPage(plan, rows.map(revocationRow), ({ decided_at, id }) => ({ time: decided_at, seq: 0, id }));
}

export async function revocation(
  database: Database,
  scope: ReaderScope,
  id: string,
  options: QueryOptions = {},
): Promise<RevocationDetail | null> {
  const [found] = await database.select(
    {
      columns: sql`${COLUMNS}, first_append`,
      rest: sql`FROM ${latest(scope, sql`id = ${text(id)}`)} LIMIT 1`,
      limits: LOOKUP_LIMITS,
    },
    options,
  );
  if (found === undefined) return null;
  const row = revocationRow(found);
  return {
    revocation: row,
    timing: await revocationTiming(database, scope, row, found.string("first_append"), options),
    course: await revocationCourse(database, scope, row, options),
  };
}

function revocationRow(row: Row): RevocationRow {
  const scope = REVOCATION_SCOPES.find((known) => known === row.string("scope"));
  const state = STATES.find((known) => known === row.string("state"));
  if (scope === undefined || state === undefined) {
    throw new TriplineError(
      "TRIPLINE_STORE_ROW_UNEXPECTED",
      "a stored revocation is not one of this version's: a later version wrote it, start that one",
    );
  }
  return {
    id: row.string("id"),
    scope,
    subject: row.string("subject"),
    state,
    reason: row.string("reason"),
    by: row.string("by"),
    rule_id: row.text("rule_id"),
    alert_id: row.text("alert_id"),
    detected_at: row.time("detected_at"),
    decided_at: row.string("decided_at"),
    expires_at: row.time("expires_at"),
    reinstated_at: row.time("reinstated_at"),
    key_id: row.string("key_id"),
    signature: row.string("signature"),
  };
}
