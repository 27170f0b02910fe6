import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { alertFor, alertRowFor } from "../read/alert-texts.ts";
import { namesFor } from "../read/names.ts";
import { addReadRoute, NothingFound, type ReadDependencies } from "../read/read-route.ts";
import { revocationTimeline } from "../revocation-timeline.ts";
import { alertAnswer, alertsAnswer, alertsQuery } from "../schemas/alerts.ts";
import { idParams } from "../schemas/common.ts";

/** `GET /api/alerts`, `/api/alerts/:id`. */
export function addAlertRoutes(app: FastifyInstance, dependencies: ReadDependencies): void {
  addReadRoute(app, dependencies, {
    url: "/api/alerts",
    action: "alerts.search",
    role: "read",
    summary: "Alerts in their latest state, newest first",
    tag: "alerts",
    params: z.object({}),
    query: alertsQuery,
    answer: alertsAnswer,
    async find({ query: { limit, cursor, ...filter }, access, reader, signal }) {
      const { rows, next, previous } = await reader.alerts(filter, { limit, cursor }, { signal });
      const alerts = rows.map((row) => alertRowFor(access, row));
      return { answer: { alerts, next, previous }, records: rows.length };
    },
  });

  addReadRoute(app, dependencies, {
    url: "/api/alerts/:id",
    action: "alert.read",
    role: "read",
    summary: "One alert: what happened, why it is bad, what was done about it",
    tag: "alerts",
    params: idParams,
    query: z.strictObject({}),
    answer: alertAnswer,
    async find({ params, reader, access, signal }) {
      const detail = await reader.alert(params.id, { signal });
      if (detail === null) throw new NothingFound();
      const revocation = await reader.revocation(params.id, { signal }); // an automatic one has the alert's id
      const names = await namesFor(access, reader, [detail.alert.actor?.principal], signal);
      return {
        answer: {
          alert: alertFor(access, detail.alert),
          state: detail.state,
          states: detail.states,
          incident_id: detail.incident_id,
          revocation:
            revocation === null
              ? null
              : { revocation: revocation.revocation, timeline: revocationTimeline(revocation) },
          ...(names === undefined ? {} : { names }),
        },
        records: 1,
      };
    },
  });
}
