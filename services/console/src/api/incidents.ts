import { type Incident, PIPELINE_RULES } from "@tripline/events";
import { proposedWhere } from "@tripline/response";
import type { StoreReader } from "@tripline/store";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { alertRowFor, incidentFor, incidentRowFor } from "../read/alert-texts.ts";
import { namesFor } from "../read/names.ts";
import { addReadRoute, NothingFound, type ReadDependencies } from "../read/read-route.ts";
import { revocationTimeline } from "../revocation-timeline.ts";
import { idParams } from "../schemas/common.ts";
import { incidentAnswer, incidentsAnswer, incidentsQuery } from "../schemas/incidents.ts";

const SHOWN_ALERTS = 20; // the latest tell how it goes on; the gravest is told whole
const SHOWN_REVOCATIONS = 5; // each costs some questions for its times; an incident is about one subject and has one or two

/** `GET /api/incidents`, `/api/incidents/:id`. What people decide about them is the responder's. */
export function addIncidentRoutes(app: FastifyInstance, dependencies: ReadDependencies): void {
  addReadRoute(app, dependencies, {
    url: "/api/incidents",
    action: "incidents.search",
    role: "read",
    summary: "Incidents in their newest version, that with the latest alert first",
    tag: "incidents",
    params: z.object({}),
    query: incidentsQuery,
    answer: incidentsAnswer,
    async find({ query: { limit, cursor, ...filter }, access, reader, signal }) {
      const { rows, next, previous } = await reader.incidents(filter, { limit, cursor }, { signal });
      const people = rows.map((row) => row.principal);
      const names = await namesFor(access, reader, people, signal);
      return {
        answer: {
          incidents: rows.map((row) => incidentRowFor(access, row)),
          next,
          previous,
          ...(names === undefined ? {} : { names }),
        },
        records: rows.length,
      };
    },
  });

  addReadRoute(app, dependencies, {
    url: "/api/incidents/:id",
    action: "incident.read",
    role: "read",
    summary: "One incident: what happened, what was done and when, who decided what, what to do",
    tag: "incidents",
    params: idParams,
    query: z.strictObject({}),
    answer: incidentAnswer,
    async find({ params, reader, access, signal }) {
      const detail = await reader.incident(params.id, { signal });
      if (detail === null) throw new NothingFound();
      const { incident } = detail;
      const [alerts, revocations, names] = await Promise.all([
        reader.alerts({ incident: incident.id }, { limit: SHOWN_ALERTS }, { signal }),
        revocationsOf(reader, incident.id, signal),
        namesFor(access, reader, [incident.alert.actor?.principal], signal),
      ]);
      return {
        answer: {
          incident: incidentFor(access, incident),
          alerts: alerts.rows.map((row) => alertRowFor(access, row)),
          more_alerts: alerts.next !== null,
          revocations,
          proposed_where: proposedFor(incident),
          ...(names === undefined ? {} : { names }),
        },
        records: 1,
      };
    },
  });
}

/** Findings about the record itself, and those that add up others, are no rule's to except. */
function proposedFor({ rule, alert }: Incident): Record<string, unknown> | null {
  return rule.id === "incident" || Object.hasOwn(PIPELINE_RULES, rule.id) ? null : proposedWhere(alert);
}

/** With their times. */
async function revocationsOf(reader: StoreReader, incident: string, signal: AbortSignal) {
  const { rows } = await reader.revocations({ incident }, { limit: SHOWN_REVOCATIONS }, { signal });
  const details = await Promise.all(rows.map(({ id }) => reader.revocation(id, { signal })));
  return details.flatMap((detail) =>
    detail === null ? [] : [{ revocation: detail.revocation, timeline: revocationTimeline(detail) }],
  );
}
