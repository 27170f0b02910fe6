import type { Severity } from "@tripline/events";
import { type AlertRow, type IncidentCounts, MAX_PAGE_ROWS, type StoreReader } from "@tripline/store";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { alertRowFor } from "../read/alert-texts.ts";
import { addReadRoute, type ReadDependencies } from "../read/read-route.ts";
import { SharedAnswers } from "../read/shared-answers.ts";
import { OVERVIEW_HOURS, overviewAnswer } from "../schemas/overview.ts";

const HOUR_MS = 3_600_000;

type Overview = z.infer<typeof overviewAnswer>;

/** `GET /api/overview`: what the front page shows of the last day. Open pages ask every few seconds, so they share answers. */
export function addOverviewRoute(app: FastifyInstance, dependencies: ReadDependencies): void {
  const shared = new SharedAnswers<Overview>(dependencies.now);
  addReadRoute(app, dependencies, {
    url: "/api/overview",
    action: "overview.read",
    role: "read",
    summary: `Counts of the last ${OVERVIEW_HOURS} hours, and what is newest; some seconds old at most`,
    tag: "overview",
    params: z.object({}),
    query: z.strictObject({}),
    answer: overviewAnswer,
    async find({ access, reader }) {
      const overview = await shared.get(access.tenant, () => overviewOf(reader, dependencies.now()));
      const { latest } = overview.alerts;
      const shown = latest === null ? null : alertRowFor(access, latest);
      return {
        answer: { ...overview, alerts: { ...overview.alerts, latest: shown } },
        records: overview.minutes.length,
      };
    },
  });
}

/** Counts and newest things of a tenant; nothing in it depends on the asker's roles but the latest alert's words. */
async function overviewOf(reader: StoreReader, nowMs: number): Promise<Overview> {
  const until = new Date(nowMs).toISOString();
  const since = new Date(nowMs - OVERVIEW_HOURS * HOUR_MS).toISOString();
  const [activity, calls, alerts, incidents, active, decided, producers] = await Promise.all([
    reader.activity({ since, until }),
    reader.searchCalls({ since }, { limit: 1 }),
    reader.alerts({ since }, { limit: MAX_PAGE_ROWS }),
    reader.incidentCounts(),
    reader.revocations({ state: "active" }, { limit: MAX_PAGE_ROWS }),
    reader.revocations({}, { limit: 1 }),
    reader.producers(since),
  ]);
  return {
    since,
    until,
    calls: totals(activity.minutes),
    minutes: activity.minutes,
    tools: activity.tools,
    outcomes: activity.outcomes,
    alerts: {
      total: alerts.rows.length,
      more: alerts.next !== null,
      by_severity: bySeverity((wanted) => countOf(alerts.rows, wanted)),
      latest: alerts.rows[0] ?? null,
    },
    incidents: incidentsOf(incidents),
    revocations: {
      active: active.rows.length,
      more: active.next !== null,
      latest: latestDecision(decided.rows[0]),
    },
    latest_call: calls.rows[0]?.id ?? null,
    producers: producers.map(({ producer, last_time, last_seq, stopped }) => ({
      producer,
      last_time,
      last_seq,
      stopped,
    })),
  };
}

function totals(minutes: readonly { calls: number; failed: number; denied: number }[]) {
  const sum = (key: "calls" | "failed" | "denied") =>
    minutes.reduce((total, minute) => total + minute[key], 0);
  return { total: sum("calls"), failed: sum("failed"), denied: sum("denied") };
}

function incidentsOf({ counts, newest }: IncidentCounts): Overview["incidents"] {
  const inState = (state: string, severity?: Severity) =>
    counts
      .filter((each) => each.state === state && (severity ?? each.severity) === each.severity)
      .reduce((sum, each) => sum + each.incidents, 0);
  return {
    open: inState("open"),
    acknowledged: inState("acknowledged"),
    by_severity: bySeverity((severity) => inState("open", severity)),
    newest,
  };
}

function countOf(alerts: readonly AlertRow[], severity: Severity): number {
  return alerts.filter((alert) => alert.severity === severity).length;
}

function bySeverity(countOf: (severity: Severity) => number) {
  return {
    informational: countOf("informational"),
    low: countOf("low"),
    medium: countOf("medium"),
    high: countOf("high"),
    critical: countOf("critical"),
  };
}

/** Changes also when the latest one was reinstated. */
function latestDecision(row: { id: string; state: string } | undefined): string | null {
  return row === undefined ? null : `${row.id} ${row.state}`;
}
