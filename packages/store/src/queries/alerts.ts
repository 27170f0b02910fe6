import { type Alert, alertSchema, SEVERITIES, type Severity, TriplineError } from "@tripline/events";
import type { Database } from "../connection/database.ts";
import type { Row } from "../sql/row.ts";
import { integer, join, type Sql, sql, tenant, text, word } from "../sql/sql.ts";
import { afterCursor, orderAndLimit, planPage, toPage } from "./cursor.ts";
import { alertsOfIncident, incidentsOfAlerts } from "./incidents.ts";
import { LOOKUP_LIMITS, PAGE_LIMITS } from "./limits.ts";
import { timeRange, words } from "./search-calls.ts";
import type {
  AlertDetail,
  AlertFilter,
  AlertRow,
  Page,
  PageRequest,
  QueryOptions,
  ReaderScope,
} from "./types.ts";

const OPEN = "open"; // what an alert is until a later record of it says otherwise
const MAX_STATES = 1_000;

const COLUMNS = sql`id, time, detected_at, rule_id, rule_title, severity, summary, why, group, toString(record_id) AS the_record_id,
  principal, agent, credential, session, server, tool, if(empty(s.state), 'open', s.state) AS current_state, s.state_at AS current_state_at`;
/** Alerts have no seq; their ids are hex. */
const POSITION = { time: sql`time`, seq: sql`toUInt8(0)`, id: sql`id` };

export async function alerts(
  database: Database,
  scope: ReaderScope,
  filter: AlertFilter = {},
  page: PageRequest = {},
  options: QueryOptions = {},
): Promise<Page<AlertRow>> {
  const plan = planPage(page, "newest");
  const conditions: Sql[] = [sql`tenant = ${tenant(scope.tenant)}`, ...timeRange(filter)];
  if (filter.severity !== undefined) {
    conditions.push(sql`severity IN (${words([filter.severity].flat(), SEVERITIES, "severity")})`);
  }
  for (const [column, value] of [
    [sql`rule_id`, filter.rule],
    [sql`credential`, filter.credential],
    [sql`session`, filter.session],
    [sql`server`, filter.server],
  ] as const) {
    if (value !== undefined) conditions.push(sql`${column} = ${text(value)}`);
  }
  if (filter.incident !== undefined) conditions.push(sql`id IN ${alertsOfIncident(scope, filter.incident)}`);
  if (filter.state !== undefined) {
    const states = [filter.state].flat();
    if (states.length === 0) return { rows: [], next: null, previous: null };
    conditions.push(sql`current_state IN (${join(states.map(word), ", ")})`);
  }
  const rows = await database.select(
    {
      columns: COLUMNS,
      rest: sql`FROM (SELECT * FROM alerts FINAL WHERE tenant = ${tenant(scope.tenant)}) AS a
        LEFT JOIN (
          SELECT alert_id, argMax(state, (append_time, source_offset)) AS state, argMax(state_at, (append_time, source_offset)) AS state_at
          FROM alert_states WHERE tenant = ${tenant(scope.tenant)} GROUP BY alert_id
        ) AS s ON s.alert_id = a.id
        WHERE ${join(conditions, " AND ")} AND (${afterCursor(plan, POSITION, text)}) ${orderAndLimit(plan, POSITION)}`,
      limits: PAGE_LIMITS,
    },
    options,
  );
  const ids = rows.map((row) => row.string("id"));
  const grouped = await incidentsOfAlerts(database, scope, ids, options);
  const found = rows.map((row) => alertRow(row, grouped));
  return toPage(plan, found, ({ time, id }) => ({ time, seq: 0, id }));
}

export async function alert(
  database: Database,
  scope: ReaderScope,
  id: string,
  options: QueryOptions = {},
): Promise<AlertDetail | null> {
  const ofAlert = sql`tenant = ${tenant(scope.tenant)}`;
  const [found] = await database.select(
    {
      columns: sql`body, generation, source_partition, source_offset, append_time`,
      rest: sql`FROM alerts WHERE ${ofAlert} AND id = ${text(id)} ORDER BY append_time, source_offset LIMIT 1`,
      limits: LOOKUP_LIMITS,
    },
    options,
  );
  if (found === undefined) return null;
  const states = await database.select(
    {
      columns: sql`state, state_by, state_note, state_at`,
      rest: sql`FROM alert_states WHERE ${ofAlert} AND alert_id = ${text(id)} ORDER BY append_time, source_offset LIMIT ${integer(MAX_STATES)}`,
      limits: LOOKUP_LIMITS,
    },
    options,
  );
  const grouped = await incidentsOfAlerts(database, scope, [id], options);
  const rows = states.map((row) => ({
    state: row.string("state"),
    by: row.text("state_by"),
    note: row.text("state_note"),
    at: row.string("state_at"),
  }));
  return {
    alert: parseAlert(found.string("body")),
    state: rows.at(-1)?.state ?? OPEN,
    states: rows,
    incident_id: grouped.get(id) ?? null,
    source: {
      generation: found.string("generation"),
      partition: found.number("source_partition"),
      offset: found.number("source_offset"),
      append_time: found.string("append_time"),
    },
  };
}

function alertRow(row: Row, grouped: ReadonlyMap<string, string>): AlertRow {
  const id = row.string("id");
  return {
    id,
    time: row.string("time"),
    detected_at: row.time("detected_at"),
    rule_id: row.string("rule_id"),
    rule_title: row.string("rule_title"),
    severity: severity(row.string("severity")),
    state: row.string("current_state"),
    state_at: row.time("current_state_at"),
    summary: row.string("summary"),
    why: row.string("why"),
    group: row.string("group"),
    record_id: row.uuid("the_record_id"),
    principal: row.text("principal"),
    agent: row.text("agent"),
    credential: row.text("credential"),
    session: row.text("session"),
    server: row.text("server"),
    tool: row.text("tool"),
    incident_id: grouped.get(id) ?? null,
  };
}

function severity(value: string): Severity {
  const known = SEVERITIES.find((candidate) => candidate === value);
  if (known === undefined) throw unexpected();
  return known;
}

function parseAlert(body: string): Alert {
  const parsed = alertSchema.safeParse(JSON.parse(body));
  if (!parsed.success) throw unexpected();
  return parsed.data;
}

function unexpected(): TriplineError {
  return new TriplineError(
    "TRIPLINE_STORE_ROW_UNEXPECTED",
    "a stored alert is not one of this version's: a later version wrote it, start that one",
  );
}
