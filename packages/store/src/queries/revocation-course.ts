import { OWN_PRODUCERS } from "@tripline/events";
import type { Database } from "../connection/database.ts";
import type { Row } from "../sql/row.ts";
import { join, type Sql, sql, tenant, text, time, word } from "../sql/sql.ts";
import { LOOKUP_LIMITS } from "./limits.ts";
import { words } from "./search-calls.ts";
import type { QueryOptions, ReaderScope, RevocationCourse, RevocationRow } from "./types.ts";

/** What happened around a revocation, beside its own steps: who was there, what was late, what its issuer said, what was under way. */

const LIVE_MS = 60_000; // heartbeats come every ten seconds: whoever was there sent one within this time before the decision
const IN_FLIGHT_MS = 3600_000; // a call that began longer before is in doubt, not under way
const MAX_ROWS = 500;
const MAX_IN_FLIGHT = 50;

const COURSE_KINDS = [
  "not_enforced",
  "enforced",
  "upstream_acknowledged",
  "upstream_verified",
  "upstream_failed",
  "upstream_reinstated",
] as const;

export async function revocationCourse(
  database: Database,
  scope: ReaderScope,
  revocation: RevocationRow,
  options: QueryOptions,
): Promise<RevocationCourse> {
  const select = (columns: Sql, rest: Sql) =>
    database.select({ columns, rest, limits: LOOKUP_LIMITS }, options);
  const ofTenant = sql`tenant = ${tenant(scope.tenant)}`;
  const decided = revocation.decided_at;

  const decisions = await select(
    sql`toString(id) AS record_id, time, JSONExtractString(detail, 'decision', 'kind') AS kind,
      JSONExtractString(detail, 'decision', 'via') AS via, JSONExtractString(detail, 'decision', 'reason') AS reason,
      JSONExtract(detail, 'decision', 'interceptors', 'Array(Tuple(producer String, boot String))') AS named,
      arrayMap(each -> each.1, named) AS producers, arrayMap(each -> each.2, named) AS boots`,
    sql`FROM records WHERE ${ofTenant} AND type = 'decision' AND revocation_id = ${text(revocation.id)}
      AND kind IN (${words([...COURSE_KINDS], COURSE_KINDS, "kind")}) ORDER BY time, seq LIMIT ${rows(MAX_ROWS)}`,
  );

  // Who was heard just before: with heartbeats it could refuse, unless its deny list says otherwise; without, it only reports.
  const present = await select(
    sql`producer, toString(boot) AS boot_id, max(enforcement = 'advisory') AS advisory,
      countIf(type IN ('heartbeat', 'revocation.applied')) AS beats,
      argMax(JSONExtractString(detail, 'heartbeat', 'deny_list', 'status'), (type = 'heartbeat', time)) AS deny_list`,
    sql`FROM records WHERE ${ofTenant} AND time > ${time(shifted(decided, -LIVE_MS))} AND time <= ${time(decided)}
      AND type IN ('heartbeat', 'revocation.applied', 'call', 'call.intent', 'tools.listed')
      AND producer NOT IN (${ownProducers()})
      GROUP BY producer, boot ORDER BY producer, boot LIMIT ${rows(MAX_ROWS)}`,
  );

  const concerned = subjectCondition(revocation);
  const underWay = await select(
    sql`toString(call_id) AS call, toString(argMin(id, time)) AS record_id, any(server) AS server_name,
      any(tool) AS tool_name, min(time) AS first_time, max(started) AS began,
      countIf(type = 'call') AS ended, anyIf(outcome, type = 'call') AS how, maxIf(time, type = 'call') AS ended_at`,
    sql`FROM records WHERE ${ofTenant} AND ${concerned} AND type IN ('call', 'call.intent')
      AND time > ${time(shifted(decided, -IN_FLIGHT_MS))} AND time <= ${time(shifted(decided, IN_FLIGHT_MS))}
      GROUP BY call_id
      HAVING began > ${time(shifted(decided, -IN_FLIGHT_MS))} AND began <= ${time(decided)}
        AND (ended = 0 OR ended_at > ${time(decided)}) AND how != 'denied'
      ORDER BY began LIMIT ${rows(MAX_IN_FLIGHT)}`,
  );

  return {
    decisions: decisions.map((row) => ({
      record_id: row.string("record_id"),
      kind: kindOf(row),
      at: row.string("time"),
      via: row.text("via"),
      reason: row.string("reason"),
      interceptors: namedIn(row),
    })),
    present: present.map((row) => ({
      producer: row.string("producer"),
      boot: row.string("boot_id"),
      advisory: row.boolean("advisory"),
      refuses: row.number("beats") > 0 && row.string("deny_list") !== "none",
    })),
    in_flight: underWay.map((row) => ({
      record_id: row.string("record_id"),
      call_id: row.string("call"),
      server: row.text("server_name"),
      tool: row.text("tool_name"),
      started: row.string("began"),
      outcome: row.number("ended") === 0 ? null : row.text("how"),
    })),
  };
}

function kindOf(row: Row): RevocationCourse["decisions"][number]["kind"] {
  const kind = COURSE_KINDS.find((known) => known === row.string("kind"));
  if (kind === undefined) throw new Error("the query gives these kinds only");
  return kind;
}

function namedIn(row: Row): { producer: string; boot: string }[] {
  const boots = row.strings("boots");
  return row.strings("producers").map((producer, index) => ({ producer, boot: boots[index] ?? "" }));
}

/** Calls that the revocation is about. */
function subjectCondition({ scope, subject }: RevocationRow): Sql {
  switch (scope) {
    case "credential":
      return sql`credential = ${text(subject)}`;
    case "session":
      return sql`session = ${text(subject)}`;
    case "agent":
      return sql`agent = ${text(subject)}`;
    case "principal":
      return sql`principal = ${text(subject)}`;
    case "server":
      return sql`server = ${text(subject)}`;
    case "tool":
      return sql`concat(server, '/', tool) = ${text(subject)}`;
  }
}

function ownProducers(): Sql {
  return join([...OWN_PRODUCERS].map(word), ", ");
}

function rows(count: number): Sql {
  return { pieces: [String(count)] };
}

function shifted(at: string, ms: number): string {
  return new Date(Date.parse(at) + ms).toISOString();
}
