import {
  INCIDENT_STATES,
  type Incident,
  incidentSchema,
  SEVERITIES,
  sha256Hex,
  TriplineError,
  whatWasDoneSchema,
} from "@tripline/events";
import type { Database } from "../connection/database.ts";
import type { Row } from "../sql/row.ts";
import { integer, join, type Sql, sql, tenant, text, time, word } from "../sql/sql.ts";
import { afterCursor, orderAndLimit, planPage, toPage } from "./cursor.ts";
import type { IncidentCounts, IncidentDetail, IncidentFilter, IncidentRow } from "./incident-types.ts";
import { COUNT_LIMITS, LOOKUP_LIMITS, PAGE_LIMITS } from "./limits.ts";
import { words } from "./search-calls.ts";
import type { Page, PageRequest, QueryOptions, ReaderScope } from "./types.ts";

const COLUMNS = sql`id, version, rule_id, rule_title, subject, severity, state, opened_at, last_alert_at, updated_at, alert_count,
  escalation, muted, summary, why, principal, agent, credential, team, session, server, tool, environment, done_kind, done_reason,
  revocation_id`;
/** Incidents have no seq; their ids are hex. */
const POSITION = { time: sql`last_alert_at`, seq: sql`toUInt8(0)`, id: sql`id` };
const DONE_KINDS = whatWasDoneSchema.shape.kind.options;

/** Incidents that match all given filters, by their latest alert. */
export async function incidents(
  database: Database,
  scope: ReaderScope,
  filter: IncidentFilter = {},
  page: PageRequest = {},
  options: QueryOptions = {},
): Promise<Page<IncidentRow>> {
  const plan = planPage(page, "newest");
  const conditions: Sql[] = [];
  if (filter.since !== undefined) conditions.push(sql`last_alert_at >= ${time(filter.since)}`);
  if (filter.until !== undefined) conditions.push(sql`opened_at < ${time(filter.until)}`);
  if (filter.state !== undefined) {
    conditions.push(sql`state IN (${words([filter.state].flat(), INCIDENT_STATES, "state")})`);
  }
  if (filter.severity !== undefined) {
    conditions.push(sql`severity IN (${words([filter.severity].flat(), SEVERITIES, "severity")})`);
  }
  for (const [column, value] of [
    [sql`rule_id`, filter.rule],
    [sql`credential`, filter.credential],
    [sql`server`, filter.server],
  ] as const) {
    if (value !== undefined) conditions.push(sql`${column} = ${text(value)}`);
  }
  conditions.push(sql`(${afterCursor(plan, POSITION, text)})`);
  const rows = await database.select(
    {
      columns: COLUMNS,
      rest: sql`FROM ${newestOf(scope)} WHERE ${join(conditions, " AND ")} ${orderAndLimit(plan, POSITION)}`,
      limits: PAGE_LIMITS,
    },
    options,
  );
  return toPage(plan, rows.map(incidentRow), ({ last_alert_at, id }) => ({
    time: last_alert_at,
    seq: 0,
    id,
  }));
}

/** One incident whole, in its newest version. */
export async function incident(
  database: Database,
  scope: ReaderScope,
  id: string,
  options: QueryOptions = {},
): Promise<IncidentDetail | null> {
  const [found] = await database.select(
    {
      columns: sql`body, generation, source_partition, source_offset, append_time`,
      rest: sql`FROM incidents WHERE tenant = ${tenant(scope.tenant)} AND id = ${text(id)}
        ORDER BY version DESC, append_time DESC, source_offset DESC LIMIT 1`,
      limits: LOOKUP_LIMITS,
    },
    options,
  );
  if (found === undefined) return null;
  return {
    incident: parseIncident(found.string("body")),
    source: {
      generation: found.string("generation"),
      partition: found.number("source_partition"),
      offset: found.number("source_offset"),
      append_time: found.string("append_time"),
    },
  };
}

/** Incidents by state and severity, and what changed last. */
export async function incidentCounts(
  database: Database,
  scope: ReaderScope,
  options: QueryOptions = {},
): Promise<IncidentCounts> {
  const rows = await database.select(
    {
      columns: sql`state, severity, count() AS incident_count, toString(max((updated_at, version, id))) AS newest`,
      rest: sql`FROM ${newestOf(scope)} GROUP BY state, severity ORDER BY state, severity LIMIT ${integer(COUNT_LIMITS.rows)}`,
      limits: COUNT_LIMITS,
    },
    options,
  );
  return {
    counts: rows.map((row) => ({
      state: known(INCIDENT_STATES, row.string("state")),
      severity: known(SEVERITIES, row.string("severity")),
      incidents: row.number("incident_count"),
    })),
    newest:
      rows
        .map((row) => row.string("newest"))
        .sort()
        .at(-1) ?? null,
  };
}

/** The ids of an incident's alerts, as a subquery. */
export function alertsOfIncident(scope: ReaderScope, incidentId: string): Sql {
  return sql`(SELECT alert_id FROM incident_alerts WHERE tenant = ${tenant(scope.tenant)} AND incident_id = ${text(incidentId)})`;
}

/** The incident that each of these alerts is in, by alert id; those in none are absent. At most a page's. */
export async function incidentsOfAlerts(
  database: Database,
  scope: ReaderScope,
  alertIds: readonly string[],
  options: QueryOptions,
): Promise<Map<string, string>> {
  const usable = alertIds.filter((id) => sha256Hex.safeParse(id).success);
  if (usable.length === 0) return new Map();
  const rows = await database.select(
    {
      columns: sql`alert_id, min(incident_id) AS the_incident`,
      rest: sql`FROM incident_alerts WHERE tenant = ${tenant(scope.tenant)} AND alert_id IN (${join(usable.map(word), ", ")})
        GROUP BY alert_id LIMIT ${integer(LOOKUP_LIMITS.rows)}`,
      limits: LOOKUP_LIMITS,
    },
    options,
  );
  return new Map(rows.map((row) => [row.string("alert_id"), row.string("the_incident")]));
}

function newestOf(scope: ReaderScope): Sql {
  return sql`(SELECT * FROM incidents FINAL WHERE tenant = ${tenant(scope.tenant)})`;
}

function incidentRow(row: Row): IncidentRow {
  return {
    id: row.string("id"),
    version: row.number("version"),
    rule_id: row.string("rule_id"),
    rule_title: row.string("rule_title"),
    subject: row.string("subject"),
    severity: known(SEVERITIES, row.string("severity")),
    state: known(INCIDENT_STATES, row.string("state")),
    opened_at: row.string("opened_at"),
    last_alert_at: row.string("last_alert_at"),
    updated_at: row.string("updated_at"),
    alerts: row.number("alert_count"),
    escalation: row.number("escalation"),
    muted: row.text("muted"),
    summary: row.string("summary"),
    why: row.string("why"),
    principal: row.text("principal"),
    agent: row.text("agent"),
    credential: row.text("credential"),
    team: row.text("team"),
    session: row.text("session"),
    server: row.text("server"),
    tool: row.text("tool"),
    environment: row.text("environment"),
    done_kind: known(DONE_KINDS, row.string("done_kind")),
    done_reason: row.string("done_reason"),
    revocation_id: row.text("revocation_id"),
  };
}

function known<Word extends string>(list: readonly Word[], value: string): Word {
  const found = list.find((candidate) => candidate === value);
  if (found === undefined) throw unexpected();
  return found;
}

function parseIncident(body: string): Incident {
  const parsed = incidentSchema.safeParse(JSON.parse(body));
  if (!parsed.success) throw unexpected();
  return parsed.data;
}

function unexpected(): TriplineError {
  return new TriplineError(
    "TRIPLINE_STORE_ROW_UNEXPECTED",
    "a stored incident is not one of this version's: a later version wrote it, start that one",
  );
}
